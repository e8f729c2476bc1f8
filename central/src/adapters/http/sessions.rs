//! The sessions of the console, in memory: a restart logs everybody out. Each holds the hash of its
//! API key, which is looked up at every request, so that a revoked key ends its sessions too.

use holdfast_shared::time::MonoMs;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

const SESSIONS_MAX: usize = 1_000;
pub(super) const SESSION_MS: i64 = 12 * 60 * 60 * 1000;

pub(super) type Hash = [u8; 32];

#[derive(Debug, Default)]
pub(super) struct Sessions(Mutex<BTreeMap<Hash, Session>>);

#[derive(Debug, Clone)]
struct Session {
    api_key_hash: Hash,
    until: MonoMs,
}

impl Sessions {
    pub(super) fn open(&self, session: Hash, api_key_hash: Hash, now: MonoMs) {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|_, session| session.until > now);
        while sessions.len() >= SESSIONS_MAX {
            let oldest = sessions.iter().min_by_key(|(_, session)| session.until).map(|(key, _)| *key);
            let Some(oldest) = oldest else { break };
            sessions.remove(&oldest);
        }
        sessions.insert(session, Session { api_key_hash, until: now.plus(SESSION_MS) });
    }

    pub(super) fn find(&self, session: Hash, now: MonoMs) -> Option<Hash> {
        let sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.get(&session).filter(|session| session.until > now).map(|session| session.api_key_hash)
    }

    pub(super) fn end(&self, session: Hash) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&session);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_by_time_and_by_logging_out() {
        let sessions = Sessions::default();
        let (one, two) = ([1; 32], [2; 32]);
        sessions.open(one, [7; 32], MonoMs(0));
        sessions.open(two, [8; 32], MonoMs(0));
        assert_eq!(sessions.find(one, MonoMs(SESSION_MS - 1)), Some([7; 32]));
        assert_eq!(sessions.find(one, MonoMs(SESSION_MS)), None);
        sessions.end(two);
        assert_eq!(sessions.find(two, MonoMs(1)), None);
    }
}
