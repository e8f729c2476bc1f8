//! How long what is over is kept, as the settings say.

use crate::ports::housekeeping::Retention;
use holdfast_platform::config::{Flawed, Reader};

pub(super) fn read(reader: &mut Reader) -> Result<Retention, Flawed> {
    const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
    let usual = Retention::default();
    let mut kept = |key: &str, usual_ms: i64| match reader.or_default(key, usual_ms / DAY_MS)? {
        days if (1..=36_500).contains(&days) => Ok(days * DAY_MS),
        _ => Err(reader.reject(key, "expected between 1 and 36500")),
    };
    let archives = kept("retention.archive_days", usual.archives_ms);
    let facts = kept("retention.fact_days", usual.facts_ms);
    let keys = kept("retention.key_days", usual.keys_ms);
    let personal = kept("retention.personal_days", usual.personal_ms);
    let (archives_ms, facts_ms) = (archives?, facts?);
    if facts_ms < archives_ms {
        let why = format!("must be at least retention.archive_days, which is {}", archives_ms / DAY_MS);
        return Err(reader.reject("retention.fact_days", why));
    }
    Ok(Retention { archives_ms, facts_ms, keys_ms: keys?, personal_ms: personal?, ..usual })
}
