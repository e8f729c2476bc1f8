#![allow(
    dead_code,
    unused_qualifications,
    reason = "utoipa describes functions that nobody calls, and qualifies"
)]

use super::*;
use serde_json::{Value, json};
use utoipa::OpenApi as _;

#[derive(serde::Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Part {
    tags: BTreeSet<String>,
}

#[derive(serde::Serialize, ToSchema)]
struct Whole {
    #[serde(flatten)]
    part: Part,
    more: u8,
}

#[utoipa::path(get, path = "/all", responses((status = 200, body = Whole), (status = "4XX", body = Problem)))]
fn all() {}

#[utoipa::path(put, path = "/one/{id}", params(("id" = String, Path)), request_body = Part,
    responses((status = 204), (status = 410, body = Problem), (status = "default", body = Problem)))]
fn put_one() {}

#[utoipa::path(get, path = "/health", responses((status = 200, body = Part), (status = 503, body = Part)))]
fn health() {}

#[derive(utoipa::OpenApi)]
#[openapi(paths(all, put_one, health))]
struct Small;

fn told() -> Value {
    let mut document = Small::openapi();
    tell_problems(&mut document, |_, path, _| match path {
        "/health" => Asks::Nothing,
        "/all" => Asks::Credential,
        _ => Asks::Right,
    });
    serde_json::to_value(document).unwrap()
}

fn statuses(document: &Value, path: &str, method: &str) -> Vec<String> {
    let responses = document["paths"][path][method]["responses"].as_object().unwrap();
    responses.keys().cloned().collect()
}

#[test]
fn each_operation_tells_how_it_fails_by_what_it_takes_and_asks_for() {
    let document = told();
    assert_eq!(statuses(&document, "/all", "get"), ["200", "401", "500", "503"]);
    assert_eq!(
        statuses(&document, "/one/{id}", "put"),
        ["204", "400", "401", "403", "404", "409", "410", "413", "415", "422", "500", "503", "507"]
    );
    assert_eq!(statuses(&document, "/health", "get"), ["200", "500", "503"]);
    assert_eq!(document["paths"]["/health"]["get"]["security"], json!([]));
    assert!(document["paths"]["/all"]["get"].get("security").is_none());
}

#[test]
fn a_problem_has_one_form_wherever_it_is_told() {
    let document = told();
    let expired = &document["paths"]["/one/{id}"]["put"]["responses"]["410"];
    assert_eq!(*expired, json!({ "$ref": "#/components/responses/Problem410" }));
    let unknown = &document["components"]["responses"]["Problem401"];
    assert_eq!(
        unknown["content"],
        json!({ "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } })
    );
    assert!(unknown["description"].as_str().unwrap().contains("`unauthenticated`"), "{unknown}");
    assert_eq!(unknown["headers"]["WWW-Authenticate"]["schema"]["type"], "string");
    let busy = &document["components"]["responses"]["Problem503"];
    assert_eq!(busy["headers"]["Retry-After"]["schema"]["type"], "integer");
    let codes = &document["components"]["schemas"]["Code"]["enum"];
    assert!(codes.as_array().unwrap().contains(&json!("invalid_request")), "{codes}");
    // What says more with such a status keeps its own form, and problems come beside it.
    let own = document["paths"]["/health"]["get"]["responses"]["503"]["content"].as_object().unwrap();
    assert_eq!(own.keys().collect::<Vec<_>>(), ["application/json", "application/problem+json"]);
}

#[test]
fn a_part_of_an_answer_does_not_refuse_the_rest_of_it() {
    let document = told();
    let schemas = &document["components"]["schemas"];
    assert_eq!(schemas["Part"]["additionalProperties"], false, "alone it does");
    let parts = schemas["Whole"]["allOf"].as_array().unwrap();
    assert!(parts.iter().all(|part| part.get("additionalProperties").is_none()), "{parts:?}");
    assert!(parts.iter().any(|part| part["properties"].get("tags").is_some()), "{parts:?}");
    assert!(schemas["Part"]["properties"]["tags"].get("uniqueItems").is_none());
}
