//! Where a page of a listing starts, and how long it is.

use super::answer::{Answer, Refused};
use crate::ports::PageRequest;
use holdfast_shared::error::Code;
use holdfast_shared::limits::{PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX};
use serde::Deserialize;

/// Characters of a cursor that we would ever have given out.
const CURSOR_CHARS_MAX: usize = 200;

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Paging {
    /// `next` of the page before.
    pub(super) cursor: Option<String>,
    /// 1 to 500; 50 when absent.
    pub(super) limit: Option<u32>,
}

impl Paging {
    pub(super) fn request(self) -> Answer<PageRequest> {
        let limit = self.limit.unwrap_or(PAGE_ROWS_DEFAULT);
        if limit == 0 || limit > PAGE_ROWS_MAX {
            return Err(Refused::new(Code::InvalidRequest, format!("limit must be 1 to {PAGE_ROWS_MAX}")));
        }
        if self.cursor.as_ref().is_some_and(|cursor| cursor.len() > CURSOR_CHARS_MAX) {
            return Err(Refused::new(Code::InvalidRequest, "this cursor is none of ours"));
        }
        Ok(PageRequest { cursor: self.cursor, limit })
    }
}
