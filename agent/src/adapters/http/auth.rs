//! Who asks: a paired device with its role, or the person at the box with the admin token.

use super::problem::{Failure, refused};
use super::state::Api;
use crate::ports::ledger::{Device, Role};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use holdfast_platform::http::Bearer;
use holdfast_shared::error::Code;

#[derive(Debug)]
pub(super) enum Caller {
    Admin,
    Device(Device),
}

impl Caller {
    /// The device, if it has one of these roles. The admin token is not a device.
    pub(super) fn device(&self, roles: &[Role]) -> Result<&Device, Failure> {
        match self {
            Self::Device(device) if roles.contains(&device.role) => Ok(device),
            Self::Device(device) => Err(forbidden(device.role, roles)),
            Self::Admin => {
                Err(refused(Code::Forbidden, "the admin token sets the store up; this needs a paired device"))
            }
        }
    }

    /// The admin token, or a device with one of these roles.
    pub(super) fn admin_or(&self, roles: &[Role]) -> Result<(), Failure> {
        match self {
            Self::Admin => Ok(()),
            Self::Device(_) => self.device(roles).map(|_| ()),
        }
    }
}

fn forbidden(has: Role, roles: &[Role]) -> Failure {
    let wanted: Vec<&str> = roles.iter().map(|role| role_word(*role)).collect();
    let detail =
        format!("this device is paired as {}; this needs the role {}", role_word(has), wanted.join(" or "));
    refused(Code::Forbidden, detail)
}

pub(super) const fn role_word(role: Role) -> &'static str {
    match role {
        Role::Pos => "pos",
        Role::Picker => "picker",
        Role::Manager => "manager",
        Role::Tech => "tech",
    }
}

impl FromRequestParts<Api> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Failure> {
        let Bearer(token) = Bearer::from_request_parts(parts, api).await?;
        let token = token.reveal();
        if api.is_admin(token) {
            return Ok(Self::Admin);
        }
        let hash = api.hash(token);
        let device = match api.known().get(&hash) {
            Ok(device) => device,
            Err(asked_at) => {
                let device = api.devices().by_token(hash).await?;
                let device = device.ok_or_else(|| {
                    refused(Code::Unauthenticated, "this device is not paired here, or no longer")
                })?;
                api.known().keep(hash, device.clone(), asked_at);
                device
            }
        };
        api.presence().note(&device.device, device.role, api.now());
        Ok(Self::Device(device))
    }
}
