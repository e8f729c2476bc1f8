//! What the settings say of it. The same keys in both processes.

use crate::config::{Flawed, Reader};
use crate::secret::Secret;
use std::collections::BTreeMap;

/// Where spans go, and which.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whole, with its path.
    pub endpoint: String,
    pub headers: BTreeMap<String, Secret>,
    /// Of all traces, from 0 to 1.
    pub share: f64,
    pub service: String,
}

const PATH: &str = "/v1/traces";

/// None: nothing is told to anybody.
pub fn read(reader: &mut Reader, service: &str) -> Result<Option<Settings>, Flawed> {
    let endpoint = reader.optional::<String>("traces.otlp_endpoint");
    let headers = reader.entries::<Secret>("traces.otlp_headers");
    let share = reader.or_default("traces.share", 1.0);
    let service = reader.or_default("traces.service", service.to_owned());
    let (endpoint, headers, share, service) = (endpoint?, headers?, share?, service?);
    if !(0.0..=1.0).contains(&share) {
        return Err(reader.reject("traces.share", "expected between 0 and 1"));
    }
    let Some(endpoint) = endpoint else { return Ok(None) };
    let parsed = reqwest::Url::parse(&endpoint).ok();
    let parsed = parsed.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let Some(mut url) = parsed else {
        let why = "expected where a collector takes OTLP over HTTP, like \"http://127.0.0.1:4318\"";
        return Err(reader.reject("traces.otlp_endpoint", why));
    };
    for name in headers.keys() {
        if reqwest::header::HeaderName::from_bytes(name.as_bytes()).is_err() {
            return Err(
                reader.reject("traces.otlp_headers", format!("{name:?} cannot be the name of a header"))
            );
        }
    }
    // As collectors document it: a base address, or the whole one.
    if url.path() == "/" {
        url.set_path(PATH);
    }
    Ok(Some(Settings { endpoint: url.to_string(), headers, share, service }))
}

/// The table as it would stand; the values of headers are secrets and are not shown.
#[must_use]
pub fn shown(settings: Option<&Settings>) -> String {
    match settings {
        None => "[traces]\n# otlp_endpoint is not set: no spans are sent\n".to_owned(),
        Some(told) => format!(
            "[traces]\notlp_endpoint = {:?}\nshare = {}\nservice = {:?}\n# {} headers\n",
            told.endpoint,
            told.share,
            told.service,
            told.headers.len()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Option<Settings>, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let mut reader = Reader::load(Some(file.path()), "X", Vec::new());
        let read = read(&mut reader, "holdfast-x");
        reader.finish().map_err(|errors| errors.to_string())?;
        Ok(read.unwrap())
    }

    #[test]
    fn it_is_off_until_an_endpoint_is_named() {
        assert!(load("").unwrap().is_none());
        let told = load("[traces]\notlp_endpoint = \"http://127.0.0.1:4318\"\n").unwrap().unwrap();
        assert_eq!(told.endpoint, "http://127.0.0.1:4318/v1/traces");
        assert_eq!((told.share, told.service.as_str()), (1.0, "holdfast-x"));
        let whole = "[traces]\notlp_endpoint = \"https://in.example/otlp/v1/traces\"\n[traces.otlp_headers]\nx-key = \"s\"\n";
        let told = load(whole).unwrap().unwrap();
        assert_eq!(told.endpoint, "https://in.example/otlp/v1/traces");
        assert_eq!(told.headers.len(), 1);
        assert!(!format!("{told:?} {}", shown(Some(&told))).contains("\"s\""), "a header is a secret");
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_its_place() {
        for (text, key) in [
            ("[traces]\notlp_endpoint = \"collector:4318\"\n", "otlp_endpoint"),
            ("[traces]\notlp_endpoint = \"http://h\"\nshare = 1.5\n", "share"),
            ("[traces]\nsample = 1\n", "sample"),
            ("[traces]\notlp_endpoint = \"http://h\"\n[traces.otlp_headers]\n\"a b\" = \"s\"\n", "a b"),
        ] {
            let told = load(text).unwrap_err();
            assert!(told.contains(key), "{told}");
        }
    }
}
