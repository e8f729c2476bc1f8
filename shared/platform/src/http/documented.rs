//! How operations fail, in the OpenAPI document: derived from what each of them takes and asks for, so that it
//! is written nowhere by hand and a new operation has it at once.
//!
//! What cannot be derived (a code that has expired, a limit of tries) an operation names itself, as a response with that
//! status and a [`Problem`] for its body; the content type and the headers follow here.

mod schemas;

use axum::http::Method;
use holdfast_shared::error::{Code, Problem};
use std::collections::BTreeSet;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::{Operation, ParameterIn, PathItem};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{OpenApi, Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

const PROBLEM_JSON: &str = "application/problem+json";

/// What an operation asks of whoever calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asks {
    /// It is open to all.
    Nothing,
    /// Any credential of the right kind.
    Credential,
    /// A credential, which may be one that is not allowed this.
    Right,
}

/// Writes into a finished document how each operation fails, and mends what the generator cannot say right.
pub fn tell_problems(document: &mut OpenApi, asks: impl Fn(&Method, &str, &Operation) -> Asks) {
    let mut told = BTreeSet::new();
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            let asks = asks(&method, path, operation);
            if asks == Asks::Nothing {
                operation.security = Some(Vec::new());
            }
            told.append(&mut tell(operation, &method, asks));
        }
    }
    let components = document.components.get_or_insert_default();
    let mut needed = vec![(Problem::name().into_owned(), Problem::schema())];
    Problem::schemas(&mut needed);
    components.schemas.extend(needed);
    components.responses.extend(told.into_iter().map(|status| (name(status), answer(status).into())));
    schemas::mend(&mut components.schemas);
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    let known = [
        (Method::GET, &mut item.get),
        (Method::PUT, &mut item.put),
        (Method::POST, &mut item.post),
        (Method::DELETE, &mut item.delete),
        (Method::PATCH, &mut item.patch),
    ];
    known.into_iter().filter_map(|(method, operation)| operation.as_mut().map(|found| (method, found)))
}

/// With which statuses this operation may refuse; those that it names itself are among them.
fn tell(operation: &mut Operation, method: &Method, asks: Asks) -> BTreeSet<u16> {
    let responses = &mut operation.responses.responses;
    // Classes of statuses say nothing that could be relied on.
    responses.retain(|status, _| status.parse::<u16>().is_ok());
    let mut told: BTreeSet<u16> = responses
        .iter()
        .filter(|(_, response)| is_problem(response))
        .filter_map(|(status, _)| status.parse().ok())
        .collect();
    told.extend(derived(operation, method, asks));
    for status in &told {
        let responses = &mut operation.responses.responses;
        let problem = Ref::from_response_name(name(*status));
        match responses.get_mut(&status.to_string()) {
            // It tells more than a problem with this status, and problems beside it.
            Some(RefOr::T(own)) if !is_problem_body(own) => {
                own.content.insert(PROBLEM_JSON.to_owned(), problem_content().into());
            }
            Some(_) | None => {
                responses.insert(status.to_string(), problem.into());
            }
        }
    }
    told
}

/// A method that a path does not know is told with 405, which is no answer of any operation.
fn derived(operation: &Operation, method: &Method, asks: Asks) -> BTreeSet<u16> {
    let mut statuses = BTreeSet::from([500, 503]);
    let parameters = operation.parameters.as_deref().unwrap_or_default();
    let takes = |place: &ParameterIn| {
        parameters.iter().any(|parameter| match parameter {
            RefOr::T(parameter) => parameter.parameter_in == *place,
            RefOr::Ref(_) => true,
        })
    };
    match asks {
        Asks::Nothing => {}
        Asks::Credential => statuses.extend([401]),
        Asks::Right => statuses.extend([401, 403]),
    }
    // A path, a query and a body may name what is not there.
    let named = takes(&ParameterIn::Path) || takes(&ParameterIn::Query) || operation.request_body.is_some();
    if named {
        statuses.insert(404);
    }
    if named || !parameters.is_empty() {
        statuses.insert(400);
    }
    if operation.request_body.is_some() {
        statuses.extend([413, 415, 422]);
    }
    if *method != Method::GET {
        // What is there may stand against it, and there may be no room to write.
        statuses.extend([409, 507]);
    }
    statuses
}

fn is_problem(response: &RefOr<Response>) -> bool {
    match response {
        RefOr::T(response) => is_problem_body(response),
        RefOr::Ref(reference) => reference.ref_location.contains("/responses/Problem"),
    }
}

fn is_problem_body(response: &Response) -> bool {
    let of_problem = Ref::from_schema_name(Problem::name()).ref_location;
    response.content.values().any(|content| match content {
        RefOr::T(content) => {
            matches!(&content.schema, Some(RefOr::Ref(schema)) if schema.ref_location == of_problem)
        }
        RefOr::Ref(_) => false,
    })
}

fn name(status: u16) -> String {
    format!("Problem{status}")
}

fn problem_content() -> utoipa::openapi::Content {
    ContentBuilder::new().schema(Some(Ref::from_schema_name(Problem::name()))).build()
}

fn answer(status: u16) -> Response {
    let codes: Vec<String> = Code::ALL
        .iter()
        .filter(|code| code.status() == status)
        .map(|code| format!("`{}`", code.as_str()))
        .collect();
    let mut response = ResponseBuilder::new()
        .description(format!("A problem: {}", codes.join(", ")))
        .content(PROBLEM_JSON, problem_content());
    match status {
        401 => response = response.header("WWW-Authenticate", header("Bearer", Type::String)),
        429 | 503 => {
            response = response.header("Retry-After", header("Seconds to stay away", Type::Integer));
        }
        _ => {}
    }
    response.build()
}

fn header(words: &str, kind: Type) -> Header {
    let schema = ObjectBuilder::new().schema_type(kind).build();
    HeaderBuilder::new().schema(Some(schema)).description(Some(words)).build()
}

#[cfg(test)]
mod tests;
