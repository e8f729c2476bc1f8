//! Who this installation is, on disk: written once by `enroll`, read at each start.

use super::StartError;
use crate::adapters::http::needs::Enrolled;
use holdfast_platform::data_dir::{DataDir, DataDirError};
use holdfast_shared::wire::enrolment::EnrolResponse;
use serde::{Deserialize, Serialize};

pub const IDENTITY_FILE: &str = "identity.json";

/// The content of `identity.json`. It holds the replica's secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StoredIdentity {
    #[serde(flatten)]
    pub given: EnrolResponse,
    /// Where it was enrolled, and so where it syncs.
    pub central: String,
}

impl StoredIdentity {
    pub fn read(dir: &DataDir) -> Result<Option<Self>, StartError> {
        let Some(bytes) = dir.read_secret(IDENTITY_FILE)? else { return Ok(None) };
        let path = dir.file(IDENTITY_FILE)?;
        serde_json::from_slice(&bytes).map(Some).map_err(|source| StartError::Identity { path, source })
    }

    pub fn write(&self, dir: &DataDir) -> Result<(), DataDirError> {
        let bytes = serde_json::to_vec_pretty(self)
            .map_err(|error| DataDirError::Io { path: dir.path().to_owned(), source: error.into() })?;
        dir.write_secret(IDENTITY_FILE, &bytes)
    }

    #[must_use]
    pub fn enrolled(&self) -> Enrolled {
        Enrolled {
            tenant: self.given.tenant.clone(),
            store: self.given.store.clone(),
            store_name: self.given.store_name.clone(),
            replica: self.given.replica.clone(),
        }
    }

    /// Host and port of the broker. Without a host of its own it is where central is reached.
    #[must_use]
    pub fn broker(&self, central: &str) -> Option<(String, u16)> {
        let (host, port) = self.given.mqtt_address.rsplit_once(':')?;
        let port = port.parse().ok()?;
        let host = match host.trim_matches(['[', ']']) {
            "" | "0.0.0.0" | "::" => host_of(central)?,
            host => host.to_owned(),
        };
        Some((host, port))
    }
}

fn host_of(url: &str) -> Option<String> {
    reqwest::Url::parse(url).ok()?.host_str().map(|host| host.trim_matches(['[', ']']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(mqtt_address: &str) -> StoredIdentity {
        StoredIdentity {
            given: EnrolResponse {
                tenant: "acme".parse().unwrap(),
                store: "leeds".parse().unwrap(),
                store_name: "Leeds".to_owned(),
                replica: "leeds-a".parse().unwrap(),
                secret: "s3".to_owned(),
                mqtt_address: mqtt_address.to_owned(),
            },
            central: "https://central.example:7700".to_owned(),
        }
    }

    #[test]
    fn a_broker_without_a_host_is_where_central_is_reached() {
        let broker = |told| stored(told).broker("https://moved.example:7700");
        assert_eq!(broker(":1883"), Some(("moved.example".to_owned(), 1883)));
        assert_eq!(broker("mq.example:8883"), Some(("mq.example".to_owned(), 8883)));
        assert_eq!(broker("[::1]:1883"), Some(("::1".to_owned(), 1883)));
        assert_eq!(broker(""), None);
    }

    #[test]
    fn an_identity_survives_a_restart_and_stays_private() {
        let place = tempfile::tempdir().unwrap();
        let dir = DataDir::open(place.path()).unwrap();
        assert!(StoredIdentity::read(&dir).unwrap().is_none());
        stored(":1883").write(&dir).unwrap();
        let read = StoredIdentity::read(&dir).unwrap().unwrap();
        assert_eq!((read.enrolled().store.as_str(), read.given.secret.as_str()), ("leeds", "s3"));
        assert!(!format!("{read:?}").contains("s3"));
    }

    #[test]
    fn a_damaged_identity_is_named() {
        let place = tempfile::tempdir().unwrap();
        let dir = DataDir::open(place.path()).unwrap();
        dir.write_secret(IDENTITY_FILE, b"{").unwrap();
        assert!(StoredIdentity::read(&dir).unwrap_err().to_string().contains(IDENTITY_FILE));
    }
}
