//! Which box speaks as a replica: what is remembered of its boots, and what follows from it.

use super::Result;
use super::counters::{incarnation, next};
use super::documents::heads_of;
use super::exceptions::raise;
use super::row::{list, one, parsed, parsed_or_none, run, unsigned, word};
use super::sql::sql;
use crate::core::exception::{Category, NewException, Severity};
use crate::core::lineage::{Challenge, KnownBoot, Speaker, Standing, Verdict, judge};
use crate::ports::access::ReplicaIdentity;
use holdfast_shared::document::Heads;
use holdfast_shared::guard::Guard;
use holdfast_shared::ids::{BootId, DocumentId};
use holdfast_shared::limits::REPLICA_BOOTS_MAX;
use holdfast_shared::time::{Hlc, UtcMs};
use holdfast_shared::wire::sync::SyncRequest;
use rusqlite::{Connection, Row, named_params};
use std::collections::BTreeMap;

/// What is done with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Hearing {
    /// `behind`: the box lacks what its replica said before.
    Merge { behind: bool },
    /// Nothing is taken until these words come back.
    Challenge(String),
    /// It goes into the branch of the box that is known by this boot.
    Apart(BootId),
}

pub(super) fn hear(
    conn: &Connection,
    from: &ReplicaIdentity,
    address: Option<&str>,
    request: &SyncRequest,
    now: UtcMs,
) -> Result<Hearing> {
    if !request.understands_boots() {
        return Ok(Hearing::Merge { behind: false });
    }
    let known = known(conn, from)?;
    let before: Vec<BootId> = request.previous_boot.iter().chain(&request.spoken_boots).cloned().collect();
    let speaker = Speaker {
        boot: &request.boot,
        number: request.boot_number,
        before: &before,
        resumed: request.resumed,
        challenge: request.challenge.as_deref(),
    };
    let here = Here { conn, from, address, request, known: &known, now };
    match judge(&known, speaker) {
        Verdict::GoesOn => here.put(Standing::Current, None)?,
        Verdict::Begins => here.take_over()?,
        Verdict::BeginsBehind => {
            here.take_over()?;
            here.set_behind(true)?;
        }
        Verdict::TwoAlive => {
            if Guard::CloneQuarantine.stands() {
                here.part()?;
            }
            here.take_over()?;
            // What the other said in the meantime was taken, and is not here.
            here.set_behind(true)?;
        }
        Verdict::MustProve => return here.challenge(),
        Verdict::Apart(copy) => {
            here.put(Standing::Quarantined, Some(&copy))?;
            return Ok(Hearing::Apart(copy));
        }
    }
    if request.first && lacks_own(conn, from, request)? {
        here.set_behind(true)?;
    }
    Ok(Hearing::Merge { behind: here.behind()? })
}

/// It has been given all that its replica said before.
pub(super) fn caught_up(conn: &Connection, from: &ReplicaIdentity, boot: &BootId) -> Result<()> {
    set_behind(conn, from, boot, false)
}

/// A request of a known replica, while it is heard.
struct Here<'a> {
    conn: &'a Connection,
    from: &'a ReplicaIdentity,
    address: Option<&'a str>,
    request: &'a SyncRequest,
    known: &'a [KnownBoot],
    now: UtcMs,
}

impl Here<'_> {
    fn put(&self, standing: Standing, copy: Option<&BootId>) -> Result<()> {
        let before = self.known.iter().find(|boot| boot.boot == self.request.boot);
        let stamp = before.map_or(self.request.sent_at, |boot| boot.stamp.max(self.request.sent_at));
        let params = named_params! {
            ":tenant": self.from.tenant.as_str(),
            ":store": self.from.store.as_str(),
            ":replica": self.from.replica.as_str(),
            ":boot": self.request.boot.as_str(),
            ":number": i64::try_from(self.request.boot_number).unwrap_or(i64::MAX),
            ":standing": standing.as_str(),
            ":box_name": self.request.box_name,
            ":address": self.address,
            ":stamp": stamp.to_string(),
            ":cursor": i64::try_from(self.request.cursor).unwrap_or(i64::MAX),
            ":copy": copy.map(BootId::as_str),
            ":now": self.now.0,
        };
        run(self.conn, sql!(IDENTITY.put_boot), params)?;
        Ok(())
    }

    /// From now on this boot speaks for the replica.
    fn take_over(&self) -> Result<()> {
        let key = named_params! {
            ":tenant": self.from.tenant.as_str(),
            ":store": self.from.store.as_str(),
            ":replica": self.from.replica.as_str(),
        };
        run(self.conn, sql!(IDENTITY.make_way), key)?;
        self.put(Standing::Current, None)?;
        let params = named_params! {
            ":tenant": self.from.tenant.as_str(),
            ":store": self.from.store.as_str(),
            ":replica": self.from.replica.as_str(),
            ":kept": REPLICA_BOOTS_MAX,
        };
        run(self.conn, sql!(IDENTITY.forget_boots), params)?;
        Ok(())
    }

    fn set_behind(&self, behind: bool) -> Result<()> {
        set_behind(self.conn, self.from, &self.request.boot, behind)
    }

    fn behind(&self) -> Result<bool> {
        let params = named_params! {
            ":tenant": self.from.tenant.as_str(),
            ":store": self.from.store.as_str(),
            ":replica": self.from.replica.as_str(),
            ":boot": self.request.boot.as_str(),
        };
        Ok(one(self.conn, sql!(IDENTITY.behind), params, |row| row.get("behind"))?.unwrap_or(false))
    }

    /// The same words as long as the same boot speaks for the replica, so that an answer that was
    /// lost costs nothing.
    fn challenge(&self) -> Result<Hearing> {
        let before = self.known.iter().find(|boot| boot.boot == self.request.boot);
        let standing = before.map_or(Standing::Unproven, |boot| boot.standing);
        self.put(standing, None)?;
        let current = self.known.iter().find(|boot| boot.standing == Standing::Current);
        let after = current.map(|boot| &boot.boot);
        let made = before.and_then(|boot| boot.challenge.as_ref()).filter(|made| Some(&made.after) == after);
        if let Some(made) = made {
            return Ok(Hearing::Challenge(made.words.clone()));
        }
        // Never the same words twice: a message of the past cannot hold them.
        let words = format!("{}-{}", incarnation(self.conn)?, next(self.conn, "challenge")?);
        let params = named_params! {
            ":tenant": self.from.tenant.as_str(),
            ":store": self.from.store.as_str(),
            ":replica": self.from.replica.as_str(),
            ":boot": self.request.boot.as_str(),
            ":challenge": words,
            ":after": after.map(BootId::as_str),
        };
        run(self.conn, sql!(IDENTITY.set_challenge), params)?;
        Ok(Hearing::Challenge(words))
    }

    /// Two boxes are alive under one identity: the one that began later is kept apart.
    fn part(&self) -> Result<()> {
        let Some(later) = self.known.iter().find(|boot| boot.standing == Standing::Current) else {
            return Ok(());
        };
        self.put(Standing::Followed, None)?;
        set_apart(self.conn, self.from, &later.boot, &self.request.boot, self.now)
    }
}

/// Keeps the box of `later` apart, and tells people of both.
pub(super) fn set_apart(
    conn: &Connection,
    from: &ReplicaIdentity,
    later: &BootId,
    earlier: &BootId,
    now: UtcMs,
) -> Result<()> {
    let params = named_params! {
        ":tenant": from.tenant.as_str(),
        ":store": from.store.as_str(),
        ":replica": from.replica.as_str(),
        ":boot": later.as_str(),
        ":copy": later.as_str(),
    };
    run(conn, sql!(IDENTITY.put_apart), params)?;
    let (second, first) = (shown(conn, from, later)?, shown(conn, from, earlier)?);
    let why = format!("two boxes speak as {}, and the other one is {first}", from.replica);
    begin_quarantine(conn, from, later, &why, now)?;
    let detail = format!(
        "two boxes speak as {}: {first}, and {second}. Nothing of the second is merged until somebody \
         decides; what it records is kept apart",
        from.replica
    );
    tell(conn, from, later, detail, now)
}

pub(super) fn begin_quarantine(
    conn: &Connection,
    from: &ReplicaIdentity,
    copy: &BootId,
    why: &str,
    now: UtcMs,
) -> Result<()> {
    let params = named_params! {
        ":tenant": from.tenant.as_str(),
        ":store": from.store.as_str(),
        ":replica": from.replica.as_str(),
        ":copy": copy.as_str(),
        ":why": why,
        ":now": now.0,
    };
    run(conn, sql!(IDENTITY.begin_quarantine), params)?;
    Ok(())
}

pub(super) fn exception_key(from: &ReplicaIdentity, copy: &BootId) -> String {
    format!("cloned/{}/{}/{copy}", from.store, from.replica)
}

pub(super) fn tell(
    conn: &Connection,
    from: &ReplicaIdentity,
    copy: &BootId,
    detail: String,
    now: UtcMs,
) -> Result<()> {
    let exception = NewException {
        key: exception_key(from, copy),
        category: Category::ClonedBox,
        severity: Severity::High,
        order: None,
        task: None,
        store: Some(from.store.clone()),
        detail,
        suggestion: format!(
            "Find out which box belongs to the store, and decide about boot {copy} (in the console, or POST \
             /v1/stores/{}/replicas/{}/quarantine): merge its stock, discard it, or let the two trade places. \
             Then enrol the copy with a code of its own (holdfast-agent enroll), or switch it off.",
            from.store, from.replica
        ),
    };
    raise(conn, &from.tenant, &exception, now)
}

/// A boot as people know it.
pub(super) fn shown(conn: &Connection, from: &ReplicaIdentity, boot: &BootId) -> Result<String> {
    let params = named_params! {
        ":tenant": from.tenant.as_str(),
        ":store": from.store.as_str(),
        ":replica": from.replica.as_str(),
        ":boot": boot.as_str(),
    };
    let words = one(conn, sql!(IDENTITY.shown), params, |row| {
        let name: Option<String> = row.get("box_name")?;
        let (number, at): (i64, i64) = (row.get("number")?, row.get("heard_at")?);
        let at =
            jiff::Timestamp::from_millisecond(at).map_or_else(|_| String::from("?"), |at| at.to_string());
        let name = name.unwrap_or_else(|| String::from("a box without a name"));
        let from: Option<String> = row.get("address")?;
        let from = from.map(|address| format!(" from {address}")).unwrap_or_default();
        Ok(format!("{name} (boot {boot}, its start number {number}, last heard {at}{from})"))
    })?;
    Ok(words.unwrap_or_else(|| format!("a box (boot {boot})")))
}

fn set_behind(conn: &Connection, from: &ReplicaIdentity, boot: &BootId, behind: bool) -> Result<()> {
    let params = named_params! {
        ":tenant": from.tenant.as_str(),
        ":store": from.store.as_str(),
        ":replica": from.replica.as_str(),
        ":boot": boot.as_str(),
        ":behind": behind,
    };
    run(conn, sql!(IDENTITY.set_behind), params)?;
    Ok(())
}

fn known(conn: &Connection, from: &ReplicaIdentity) -> Result<Vec<KnownBoot>> {
    let params = named_params! {
        ":tenant": from.tenant.as_str(),
        ":store": from.store.as_str(),
        ":replica": from.replica.as_str(),
    };
    list(conn, sql!(IDENTITY.boots), params, read_boot)
}

fn read_boot(row: &Row<'_>) -> rusqlite::Result<KnownBoot> {
    let challenge = match (row.get("challenge")?, parsed_or_none(row, "challenge_after")?) {
        (Some(words), Some(after)) => Some(Challenge { words, after }),
        (None, _) | (_, None) => None,
    };
    Ok(KnownBoot {
        boot: parsed(row, "boot")?,
        number: unsigned(row, "number")?,
        standing: word(row, "standing")?,
        stamp: parsed::<Hlc>(row, "stamp")?,
        challenge,
        copy: parsed_or_none(row, "copy")?,
    })
}

/// Whether central has stock documents of this replica that the box does not name, or has less of.
fn lacks_own(conn: &Connection, from: &ReplicaIdentity, request: &SyncRequest) -> Result<bool> {
    let mut told: BTreeMap<DocumentId, Heads> = BTreeMap::new();
    for own in &request.own {
        if let (Ok(document), Ok(heads)) = (own.document(), own.heads()) {
            told.insert(document, heads);
        }
    }
    let params = named_params! {
        ":tenant": from.tenant.as_str(),
        ":store": from.store.as_str(),
        ":own": format!("stock/{}/{}/*", from.store, from.replica),
    };
    let here = list(conn, sql!(IDENTITY.own_documents), params, |row| {
        Ok((parsed::<DocumentId>(row, "document")?, row.get::<_, Vec<u8>>("heads")?))
    })?;
    for (document, heads) in here {
        let heads = heads_of(&heads)?;
        let Some(theirs) = told.get(&document) else { return Ok(true) };
        // Heads that central does not know are ahead of it.
        if *theirs != heads && all_known(conn, from, &document, theirs)? {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) fn all_known(
    conn: &Connection,
    from: &ReplicaIdentity,
    document: &DocumentId,
    heads: &Heads,
) -> Result<bool> {
    for hash in heads.iter() {
        let params = named_params! {
            ":tenant": from.tenant.as_str(), ":document": document.to_string(), ":hash": hash.as_bytes(),
        };
        if list(conn, sql!(IDENTITY.has_change), params, |_| Ok(()))?.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}
