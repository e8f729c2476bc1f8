//! Signatures of webhooks: `t=SECONDS,v1=HEX`, an HMAC-SHA256 over `SECONDS.BODY` under the endpoint's secret. The time is
//! signed too, so that what somebody recorded cannot be sent again later. Several `v1` stand beside each other while a
//! secret is changed.

use super::notice::BadNotice;
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use holdfast_shared::time::UtcMs;
use sha2::Sha256;

/// How far the signed time may be from central's, both ways.
const TOLERANCE_MS: i64 = 5 * 60 * 1_000;
/// Signatures that are looked at in one header.
const SIGNATURES_MAX: usize = 8;

fn mac(secret: &str, seconds: i64, body: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(seconds.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    Some(mac)
}

/// The header of a webhook that was signed then.
#[must_use]
pub fn sign(secret: &str, at: UtcMs, body: &[u8]) -> String {
    let seconds = at.0.div_euclid(1_000);
    let signed = mac(secret, seconds, body).map(|mac| HEXLOWER.encode(&mac.finalize().into_bytes()));
    format!("t={seconds},v1={}", signed.unwrap_or_default())
}

/// Whether one of these secrets signed it, a moment ago. The time it takes tells nothing of the secret.
pub fn verify(secrets: &[&str], header: &str, body: &[u8], now: UtcMs) -> Result<(), BadNotice> {
    if secrets.is_empty() {
        return Err(BadNotice::NoSecret);
    }
    let parts = || header.split(',').filter_map(|part| part.trim().split_once('='));
    let seconds = parts().find(|(name, _)| *name == "t").and_then(|(_, text)| text.parse::<i64>().ok());
    let seconds = seconds.ok_or(BadNotice::Forged)?;
    let signatures = parts().filter(|(name, _)| *name == "v1").take(SIGNATURES_MAX);
    let signatures: Vec<Vec<u8>> =
        signatures.filter_map(|(_, text)| HEXLOWER.decode(text.as_bytes()).ok()).collect();
    let signed = |secret: &&str| {
        signatures.iter().any(|signature| {
            mac(secret, seconds, body).is_some_and(|mac| mac.verify_slice(signature).is_ok())
        })
    };
    // All of them are tried, so that a stale one is told from a forged one.
    if !secrets.iter().any(signed) {
        return Err(BadNotice::Forged);
    }
    let apart_ms = now.since(UtcMs(seconds.saturating_mul(1_000))).saturating_abs();
    if apart_ms > TOLERANCE_MS { Err(BadNotice::OutOfTime) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UtcMs = UtcMs(1_700_000_000_000);

    #[test]
    fn it_is_the_signature_that_the_world_knows() {
        // echo -n '1700000000.{}' | openssl dgst -sha256 -hmac whsec
        let header = sign("whsec", NOW, b"{}");
        assert!(header.starts_with("t=1700000000,v1="), "{header}");
        assert_eq!(header.len(), "t=1700000000,v1=".len() + 64);
        assert_eq!(verify(&["whsec"], &header, b"{}", NOW), Ok(()));
    }

    #[test]
    fn what_was_changed_or_signed_by_others_is_forged() {
        let header = sign("whsec", NOW, b"{}");
        let refused =
            |secrets: &[&str], header: &str, body: &[u8]| verify(secrets, header, body, NOW).unwrap_err();
        assert_eq!(refused(&["whsec"], &header, b"{ }"), BadNotice::Forged);
        assert_eq!(refused(&["other"], &header, b"{}"), BadNotice::Forged);
        assert_eq!(refused(&[], &header, b"{}"), BadNotice::NoSecret);
        for header in ["", "t=1700000000", "v1=00", "t=x,v1=00", "t=1700000000,v1=zz", "t=1700000000,v1="] {
            assert_eq!(refused(&["whsec"], header, b"{}"), BadNotice::Forged, "{header}");
        }
        let later = header.replace("t=1700000000", "t=1700000001");
        assert_eq!(refused(&["whsec"], &later, b"{}"), BadNotice::Forged, "the time is signed too");
    }

    #[test]
    fn a_recorded_one_cannot_be_sent_again_later() {
        let header = sign("whsec", NOW, b"{}");
        for (apart_ms, told) in [
            (TOLERANCE_MS, Ok(())),
            (-TOLERANCE_MS, Ok(())),
            (TOLERANCE_MS + 1, Err(BadNotice::OutOfTime)),
            (-TOLERANCE_MS - 1, Err(BadNotice::OutOfTime)),
        ] {
            assert_eq!(verify(&["whsec"], &header, b"{}", NOW.plus(apart_ms)), told);
        }
    }

    #[test]
    fn while_a_secret_changes_either_of_both_will_do() {
        let (old, new) = ("old", "new");
        let both =
            format!("{},{}", sign(old, NOW, b"{}"), sign(new, NOW, b"{}").replace("t=1700000000,", ""));
        assert_eq!(verify(&["new"], &both, b"{}", NOW), Ok(()));
        assert_eq!(verify(&["none", old], &both, b"{}", NOW), Ok(()));
    }
}
