use super::*;
use crate::document::{Bag, Incoming, WriterId};
use crate::ids::FactId;
use crate::limits::{SYNC_BYTES_MAX, SYNC_DOCUMENTS_MAX, SYNC_PIECE_BYTES, SYNC_PLAIN_BYTES_MAX};
use serde_json::json;

fn request(documents: Vec<DocumentFrame>) -> SyncRequest {
    SyncRequest {
        incarnation: Some(3),
        cursor: 17,
        unsynced: 5,
        documents,
        asks: vec![DocumentHeads::new(&document(), &Heads::empty())],
        health: Some("{}".to_owned()),
        ..SyncRequest::bare(
            StoreId::new("leeds").unwrap(),
            ReplicaId::new("leeds-a").unwrap(),
            BootId::new("b1").unwrap(),
            Hlc { wall: UtcMs(1_700_000_000_000), counter: 1 },
        )
    }
}

fn response() -> SyncResponse {
    SyncResponse {
        superseded: None,
        quarantined: None,
        seals: Vec::new(),
        baseline: None,
        losses_noted: Vec::new(),
        parcels: None,
        labels_noted: Vec::new(),
        escrow: None,
        version: SYNC_VERSION,
        incarnation: 3,
        cursor: 18,
        central_time: UtcMs(1_700_000_000_001),
        hlc: Hlc { wall: UtcMs(1_700_000_000_001), counter: 0 },
        lease_ms: 60_000,
        next_sync_ms: 5_000,
        root: SetHash::EMPTY,
        level: false,
        documents: vec![],
        acknowledged: vec![DocumentHeads::new(&document(), &Heads::empty())],
        errors: vec![DocumentProblem::new("task/x", Code::MissingChanges, "no ground", &Heads::empty())],
        more: true,
        rehydrate: false,
    }
}

fn document() -> DocumentId {
    "stock/leeds/leeds-a/b1/1".parse().unwrap()
}

fn bag() -> Bag {
    Bag::new(WriterId::new(&ReplicaId::new("leeds-a").unwrap(), [1; 8]))
}

/// Packs any fields as a message, as a sender of another version or an attacker would.
fn packed(fields: &impl Serialize) -> Vec<u8> {
    let plain = rmp_serde::to_vec_named(fields).unwrap();
    [b"HFS1".as_slice(), &zstd::bulk::compress(&plain, 1).unwrap()].concat()
}

#[test]
fn messages_read_back() {
    let mut bag = bag();
    let id: FactId = "hh-3.1.1".parse().unwrap();
    let changes = bag.record(&[(id, "body".to_owned())]).unwrap().changes;
    let sent = request(vec![DocumentFrame::new(&document(), &Heads::empty(), &bag.heads(), changes)]);

    let received = SyncRequest::decode(&sent.encode().unwrap()).unwrap();

    assert_eq!(received, sent);
    let frame = &received.documents[0];
    assert_eq!(
        (frame.document(), frame.heads(), frame.base()),
        (Ok(document()), Ok(bag.heads()), Ok(Heads::empty()))
    );
    assert_eq!(SyncResponse::decode(&response().encode().unwrap()).unwrap(), response());
    assert_eq!(response().errors[0].code(), Some(Code::MissingChanges));
}

#[test]
fn unknown_fields_are_skipped_and_new_lists_may_be_absent() {
    let message = json!({
        "version": 1, "store": "leeds", "replica": "leeds-a", "boot": "b1", "incarnation": null, "cursor": 0,
        "root": vec![0; 32], "stock_digest": vec![0; 32], "unsynced": 0, "sent_at": "1-0",
        "a_later_field": {"with": ["depth"]}
    });
    let received = SyncRequest::decode(&packed(&message)).unwrap();
    assert!(received.documents.is_empty() && !received.more);
    let problem = json!({"document": "task/x", "code": "of_the_future", "detail": "", "missing": []});
    let problem: DocumentProblem =
        rmp_serde::from_slice(&rmp_serde::to_vec_named(&problem).unwrap()).unwrap();
    assert_eq!(problem.code(), None);
}

#[test]
fn another_version_is_named_before_its_fields_are_read() {
    let error = SyncRequest::decode(&packed(&json!({"version": 9, "all": "different"}))).unwrap_err();
    assert!(matches!(error, SyncCodecError::Version(9)));
    assert_eq!(error.code(), Code::InvalidRequest);
    assert!(error.to_string().contains("version 9"));
    assert!(error.hint().is_some_and(|hint| hint.contains("Update central")), "{:?}", error.hint());
    let old = SyncRequest::decode(&packed(&json!({"version": 0}))).unwrap_err();
    assert!(old.hint().is_some_and(|hint| hint.contains("Update the agent")), "{:?}", old.hint());
}

fn wanted() -> EscrowTargets {
    EscrowTargets { targets: vec![EscrowTarget { sku: Sku::new("A").unwrap(), units: 2 }] }
}

fn news() -> ParcelNews {
    let line = ExpectedLine { sku: Sku::new("A").unwrap(), units: 2 };
    let parcel = ExpectedParcel {
        parcel: crate::ids::OrderId::new("o1-g").unwrap(),
        order: crate::ids::OrderId::new("o1").unwrap(),
        from: StoreId::new("york").unwrap(),
        lines: vec![line],
        left_at: Some(UtcMs(5)),
        due_by: None,
        late: false,
    };
    let made = LabelMade {
        task: "o-1-1".parse().unwrap(),
        carrier: "ups".to_owned(),
        service: "ups_ground".to_owned(),
        tracking_number: "1Z9".to_owned(),
        url: None,
        made_at: UtcMs(5),
    };
    ParcelNews { labels: Vec::new(), expected: vec![parcel], made: vec![made] }
}

#[test]
fn a_digest_of_parcels_tells_every_change_of_them() {
    assert_eq!(ParcelNews::default().digest(), SetHash::EMPTY);
    let mut later = news();
    later.expected[0].lines[0].units = 1;
    assert_ne!(later.digest(), news().digest());
    later.expected.clear();
    assert_ne!(later.digest(), news().digest());
}

#[test]
fn what_a_newer_central_does_with_a_parcel_is_read_as_unknown() {
    let told: LabelBecomes = rmp_serde::from_slice(&rmp_serde::to_vec_named("by_drone").unwrap()).unwrap();
    assert_eq!(told, LabelBecomes::Unknown);
}

/// The first version's request, with all that came later.
fn newest_request() -> SyncRequest {
    let mut request = SyncRequest::decode(include_bytes!("golden/request_v1.hfs")).unwrap();
    (request.version, request.boot_number, request.first) = (SYNC_VERSION, 7, true);
    request.own = vec![DocumentHeads::new(&document(), &Heads::empty())];
    (request.previous_boot, request.resumed) = (Some(BootId::new("b0").unwrap()), Some(Hlc::default()));
    request.spoken_boots = vec![BootId::new("b1").unwrap()];
    (request.challenge, request.box_name) = (Some("c".to_owned()), Some("back office".to_owned()));
    request.losses =
        vec![Loss { id: "l".to_owned(), found_at: UtcMs(1), facts: None, detail: String::new() }];
    request.rehydrating = true;
    request.baseline = Some(BaselineAsk { after: None });
    request.escrow = wanted().digest();
    request.asked_back = wanted().targets;
    request.parcels = Some(news().digest());
    request.label_reports = vec![LabelReport {
        id: "hh-3/1".to_owned(),
        task: crate::ids::TaskId::new("t1").unwrap(),
        service: None,
        reason: "the printer is broken".to_owned(),
        by: crate::ids::Actor::new("amy").unwrap(),
        at: UtcMs(1),
    }];
    request
}

/// The first version's response, with all that came later.
fn newest_response() -> SyncResponse {
    let mut response = SyncResponse::decode(include_bytes!("golden/response_v1.hfs")).unwrap();
    response.version = SYNC_VERSION;
    response.seals = vec![Seal::new(&document(), &Heads::empty(), 3)];
    let position = BaselinePosition { sku: Sku::new("A").unwrap(), units: 3, rights: 2 };
    response.baseline = Some(Baseline { sealed_root: SetHash::EMPTY, positions: vec![position], next: None });
    response.escrow = Some(wanted());
    (response.superseded, response.quarantined) = (Some("c".to_owned()), Some("why".to_owned()));
    response.losses_noted = vec!["l".to_owned()];
    (response.parcels, response.labels_noted) = (Some(news()), vec!["hh-3/1".to_owned()]);
    response
}

/// The bytes were written by the first version's own code.
#[test]
fn the_first_version_is_read_and_written_to_the_byte() {
    let bytes: &[u8] = include_bytes!("golden/request_v1.hfs");
    let request = SyncRequest::decode(bytes).unwrap();
    assert_eq!((request.version, request.documents.len(), request.unsynced), (1, 1, 5));
    assert!(!request.understands_seals() && !request.understands_boots());
    assert_eq!((request.boot_number, request.first, request.own.len()), (0, false, 0));
    let newest = newest_request();
    assert_eq!(SyncRequest::decode(&newest.clone().encode().unwrap()).unwrap(), newest);
    assert_eq!(newest.in_version(1).encode().unwrap(), bytes);

    let bytes: &[u8] = include_bytes!("golden/response_v1.hfs");
    let response = SyncResponse::decode(bytes).unwrap();
    assert_eq!((response.version, response.errors[0].code()), (1, Some(Code::MissingChanges)));
    let newest = newest_response();
    assert_eq!(SyncResponse::decode(&newest.clone().encode().unwrap()).unwrap(), newest);
    assert_eq!(newest.in_version(1).encode().unwrap(), bytes);
}

/// It knows boots, and no seals. The bytes were written when the third version was the newest.
#[test]
fn the_second_version_is_read_and_written_to_the_byte() {
    let bytes: &[u8] = include_bytes!("golden/request_v2.hfs");
    let request = SyncRequest::decode(bytes).unwrap();
    assert!(request.understands_boots() && !request.understands_seals() && request.baseline.is_none());
    assert_eq!((request.version, request.boot_number, request.losses.len()), (2, 7, 1));
    assert_eq!(newest_request().in_version(2).encode().unwrap(), bytes);

    let bytes: &[u8] = include_bytes!("golden/response_v2.hfs");
    let response = SyncResponse::decode(bytes).unwrap();
    assert!(response.seals.is_empty() && response.baseline.is_none() && response.superseded.is_some());
    assert_eq!(newest_response().in_version(2).encode().unwrap(), bytes);
}

/// It knows seals, and nothing of what stores cede.
#[test]
fn the_third_version_hears_nothing_of_rights() {
    let words = |bytes: Vec<u8>| {
        let plain = zstd::stream::decode_all(&bytes[4..]).unwrap();
        String::from_utf8_lossy(&plain).into_owned()
    };
    let newest = words(newest_request().encode().unwrap()) + &words(newest_response().encode().unwrap());
    let third = words(newest_request().in_version(3).encode().unwrap())
        + &words(newest_response().in_version(3).encode().unwrap());
    for later in ["escrow", "asked_back", "rights"] {
        assert!(newest.contains(later) && !third.contains(later), "{later}");
    }
    assert!(third.contains("baseline") && third.contains("units"));
}

#[test]
fn a_replica_tells_what_it_knows_of_targets_by_their_digest() {
    let two = |a: i64, b: i64| {
        let target = |sku: &str, units| EscrowTarget { sku: Sku::new(sku).unwrap(), units };
        EscrowTargets { targets: vec![target("A", a), target("B", b)] }
    };
    let mut turned = two(1, 2);
    turned.targets.reverse();
    assert_eq!(two(1, 2).digest(), turned.digest());
    assert_ne!(two(1, 2).digest(), two(2, 1).digest());
    assert_ne!(wanted().digest(), EscrowTargets::default().digest());
}

/// As a later side writes it: a change may need more room than is left in a message.
#[test]
fn a_change_list_longer_than_a_document_is_cut_and_then_refused() {
    let mut bag = bag();
    let changes: Vec<ByteBuf> = (0..40_u64)
        .flat_map(|n| bag.record(&[(format!("hh-3.1.{n}").parse().unwrap(), "x".into())]).unwrap().changes)
        .map(|change| ByteBuf::from(change.bytes))
        .collect();
    let many: Vec<ByteBuf> =
        changes.iter().cycle().take(crate::limits::DOCUMENT_FACTS_MAX + 500).cloned().collect();
    let mut frame = DocumentFrame::new(&document(), &Heads::empty(), &Heads::empty(), vec![]);
    frame.changes = many;
    let received = SyncRequest::decode(&request(vec![frame]).encode().unwrap()).unwrap();
    assert_eq!(received.documents[0].changes.len(), crate::limits::DOCUMENT_FACTS_MAX + 1);
}

#[test]
fn one_bad_document_does_not_spoil_the_message() {
    let frames = |documents: serde_json::Value| {
        let mut message = serde_json::to_value(request(vec![])).unwrap();
        let fields = message.as_object_mut().unwrap();
        fields.insert("documents".to_owned(), documents);
        for hash in ["root", "stock_digest"] {
            fields.insert(hash.to_owned(), json!(vec![0; 32]));
        }
        fields.remove("asks");
        SyncRequest::decode(&packed(&message)).unwrap().documents
    };
    let good = json!({"document": "task/o-1-1", "base": [], "heads": [], "changes": []});
    let bad =
        json!({"document": "task/../etc", "base": [1], "heads": vec![0; 65 * 32], "changes": vec![[1]; 100]});
    let documents = frames(json!([bad, good]));
    assert!(
        documents[0].document().is_err() && documents[0].base().is_err() && documents[0].heads().is_err()
    );
    // Of pieces too short for a change one is kept, and it is enough to be refused.
    assert_eq!(documents[0].changes.len(), 1);
    let none = Heads::empty();
    let incoming = Incoming { base: &none, heads: &none, changes: &documents[0].changes };
    assert!(bag().merge(&incoming, &|_| true).is_err());
    assert_eq!(documents[1].document().unwrap().to_string(), "task/o-1-1");
}

#[test]
fn a_message_that_unpacks_to_too_much_is_refused() {
    let bomb =
        [b"HFS1".as_slice(), &zstd::bulk::compress(&vec![0; SYNC_PLAIN_BYTES_MAX + 1], 1).unwrap()].concat();
    assert!(bomb.len() < 10_000);
    let error = SyncRequest::decode(&bomb).unwrap_err();
    assert!(matches!(error, SyncCodecError::TooLarge { limit: SYNC_PLAIN_BYTES_MAX, .. }));
    assert_eq!(error.code(), Code::BodyTooLarge);

    let long = SyncRequest::decode(&vec![0; SYNC_BYTES_MAX + 1]).unwrap_err();
    assert!(matches!(long, SyncCodecError::TooLarge { limit: SYNC_BYTES_MAX, .. }));
}

#[test]
fn more_documents_than_the_limit_are_refused_on_both_sides() {
    let frame = DocumentFrame::new(&document(), &Heads::empty(), &Heads::empty(), vec![]);
    let full = request(vec![frame.clone(); SYNC_DOCUMENTS_MAX]);
    assert!(SyncRequest::decode(&full.encode().unwrap()).is_ok());
    let over = request(vec![frame; SYNC_DOCUMENTS_MAX + 1]);
    assert!(matches!(over.encode(), Err(SyncCodecError::TooLarge { .. })));
    assert!(matches!(SyncRequest::decode(&packed(&over)), Err(SyncCodecError::Malformed(_))));
}

#[test]
fn damaged_messages_are_errors() {
    let good = request(vec![]).encode().unwrap();
    assert!(matches!(SyncRequest::decode(b"GET / HT"), Err(SyncCodecError::NotASyncMessage)));
    for end in 0..good.len() {
        assert!(SyncRequest::decode(&good[..end]).is_err(), "{end}");
    }
    for place in 0..good.len() {
        for bit in 0..8 {
            let mut flipped = good.clone();
            flipped[place] ^= 1 << bit;
            // Whatever comes of it comes without a panic.
            drop(SyncRequest::decode(&flipped));
        }
    }
    assert!(SyncRequest::decode(&packed(&"text")).is_err());
}

/// The budget for a day that a store was cut off.
#[test]
fn five_thousand_facts_fit_into_80_kb() {
    let mut bag = bag();
    let mut changes = Vec::new();
    for batch in 0..100_u64 {
        let facts: Vec<_> = (0..50_u64)
            .map(|place| {
                let number = batch * 50 + place;
                let sku = (number * 7_919) % 20_011;
                let (at, pos) = (0x18c_2f00_0000 + number * 17_003 % 86_400_000, number % 4 + 1);
                let quantity = number % 3 + 1;
                let body = format!(
                    r#"{{"k":"sale","s":"SKU-{sku:05}","q":-{quantity},"h":"{at:x}-0","a":"pos-{pos}"}}"#
                );
                (format!("pos-{pos}.1.{number}").parse().unwrap(), body)
            })
            .collect();
        changes.extend(bag.record(&facts).unwrap().changes);
    }
    let mut pieces = bag.pieces_since(&Heads::empty(), SYNC_PIECE_BYTES).unwrap();
    let piece = pieces.remove(0);
    assert_eq!((pieces.len(), &piece.changes), (0, &changes));
    let sent = request(vec![DocumentFrame::of_piece(&document(), piece)]);
    let bytes = sent.encode().unwrap().len();
    assert!(bytes <= 80_000, "{bytes} bytes");
}
