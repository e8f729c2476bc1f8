//! One row for each replica of central: whether it suspects its own ear.

use super::row::{list, run};
use super::sql::sql;
use super::{Result, SqliteStore};
use crate::ports::vetoes::{Peer, Vetoes};
use async_trait::async_trait;
use holdfast_shared::time::UtcMs;
use rusqlite::named_params;

#[async_trait]
impl Vetoes for SqliteStore {
    async fn say(&self, peer: &Peer) -> Result<()> {
        let Peer { replica, frozen, said_at } = peer.clone();
        self.write(move |conn, _| {
            let params = named_params! { ":replica": replica, ":frozen": frozen, ":said_at": said_at.0 };
            run(conn, sql!(HEALTH.say_frozen), params)?;
            Ok(())
        })
        .await
    }

    async fn peers(&self, but: &str) -> Result<Vec<Peer>> {
        let but = but.to_owned();
        self.read(move |conn| {
            list(conn, sql!(HEALTH.peers), [but], |row| {
                let said_at = UtcMs(row.get("said_at")?);
                Ok(Peer { replica: row.get("replica")?, frozen: row.get("frozen")?, said_at })
            })
        })
        .await
    }
}
