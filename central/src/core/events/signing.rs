//! How a webhook proves that it comes from us: HMAC-SHA256 over id, time and body, as Standard Webhooks says, so that
//! the libraries which exist verify it.

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Before a secret as people see it.
pub const SECRET_PREFIX: &str = "whsec_";

/// One signature. `secret` is as people see it: the prefix, and Base64 of the key.
#[must_use]
pub fn signature(secret: &str, id: &str, timestamp_s: i64, body: &[u8]) -> String {
    let text = secret.strip_prefix(SECRET_PREFIX).unwrap_or(secret);
    // A secret that is no Base64 is taken at its letters: it never is, as we make them.
    let key = BASE64.decode(text.as_bytes()).unwrap_or_else(|_| text.as_bytes().to_vec());
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&key) else { return String::new() };
    mac.update(id.as_bytes());
    mac.update(b".");
    mac.update(timestamp_s.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes()))
}

/// All of them, for one head: while a secret takes the place of another, both sign.
#[must_use]
pub fn signatures<'a>(
    secrets: impl Iterator<Item = &'a str>,
    id: &str,
    timestamp_s: i64,
    body: &[u8],
) -> String {
    secrets.map(|secret| signature(secret, id, timestamp_s, body)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;

    #[test]
    fn it_is_what_other_libraries_expect() {
        let signed = signature(SECRET, ID, 1_614_265_330, BODY);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn id_time_body_and_secret_are_all_in_it() {
        let signed = signature(SECRET, ID, 1, BODY);
        assert_ne!(signed, signature(SECRET, "other", 1, BODY));
        assert_ne!(signed, signature(SECRET, ID, 2, BODY));
        assert_ne!(signed, signature(SECRET, ID, 1, b"{}"));
        assert_ne!(signed, signature("whsec_AAAA", ID, 1, BODY));
        let both = signatures([SECRET, "whsec_AAAA"].into_iter(), ID, 1, BODY);
        assert_eq!(both.split(' ').next(), Some(signed.as_str()));
        assert_eq!(both.split(' ').count(), 2);
    }
}
