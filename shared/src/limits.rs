//! Every limit of the system, by name. Reaching one is a clear error or shed load.
//!
//! A queue, loop, retry, buffer, frame or list that has no limit here is a defect.

mod carriers;
mod events;
mod exceptions;
mod returns;
mod traces;

pub use carriers::*;
pub use events::*;
pub use exceptions::*;
pub use returns::*;
pub use traces::*;

/// Characters of any identifier that people or other systems choose.
pub const ID_CHARS_MAX: usize = 64;
/// Characters of a SKU.
pub const SKU_CHARS_MAX: usize = 64;
/// Characters of a fact id.
pub const FACT_ID_CHARS_MAX: usize = 80;
/// Bytes of one encoded fact; an offer of the longest order fits.
pub const FACT_BYTES_MAX: usize = 64 * 1024;
/// Characters of a free text that a person typed (reasons, notes).
pub const NOTE_CHARS_MAX: usize = 500;
/// Characters of an `Idempotency-Key`.
pub const IDEMPOTENCY_KEY_CHARS_MAX: usize = 128;
/// The largest quantity that one movement, line or count may name.
pub const QUANTITY_MAX: i64 = 1_000_000;
/// The largest stock of one position, so that sums can never overflow.
pub const POSITION_MAX: i64 = 1_000_000_000;
/// Lines of one order, and so of one task.
pub const ORDER_LINES_MAX: usize = 500;
/// SKUs in one look-up.
pub const LOOKUP_SKUS_MAX: usize = 500;
/// Acknowledged intents in one question.
pub const LOOKUP_INTENTS_MAX: usize = 1_000;
/// Movements in one request.
pub const MOVEMENTS_MAX: usize = 500;
/// Rows of one page of a listing.
pub const PAGE_ROWS_MAX: u32 = 500;
/// Rows of a page when the caller does not say.
pub const PAGE_ROWS_DEFAULT: u32 = 50;
/// Bytes of an ordinary HTTP request body.
pub const BODY_BYTES_MAX: usize = 256 * 1024;
/// Bytes of one line of an import file.
pub const IMPORT_LINE_BYTES_MAX: usize = 16 * 1024;
/// How long a person may overrule the observer with one word.
pub const OVERRULE_MS_MAX: i64 = 24 * 60 * 60 * 1000;
/// Days of a store's calendar that have hours of their own.
pub const DATED_HOURS_MAX: usize = 366;
/// Closures of one store that are planned ahead.
pub const PLANNED_CLOSURES_MAX: usize = 50;
/// Closures that staff planned at the store itself: each heartbeat tells them.
pub const PLANS_AT_STORE_MAX: usize = 8;
/// How far ahead a closure is planned.
pub const PLANNED_AHEAD_MS_MAX: i64 = 2 * 366 * 24 * 60 * 60 * 1000;
/// The largest share of its usual staff that a store may be said to have.
pub const STAFFING_PERMILLE_MAX: u16 = 3_000;
/// Hours for which central remembers what became of a store's tasks.
pub const WORK_HOURS_KEPT: i64 = 24;
/// Times that one store went out which are remembered, to tell that it flaps.
pub const FLAPS_REMEMBERED_MAX: usize = 16;
/// Characters of a word that a heartbeat carries: a version, a digest.
pub const SIGNAL_WORD_CHARS_MAX: usize = 128;
/// How long a policy may leave work at a store that may no longer have it, short of for ever.
pub const FAILOVER_WAIT_MS_MAX: i64 = 7 * 24 * 60 * 60 * 1000;
/// Tasks that one tenant's failover may move within a minute, whatever its policy says.
pub const MOVES_PER_MINUTE_MAX: u32 = 6_000;
/// Moves that one answer tells.
pub const MOVES_TOLD_MAX: u32 = 500;
/// How long a drill may last.
pub const DRILL_MS_MAX: i64 = 24 * 60 * 60 * 1000;
/// How long a drill lasts when nobody says.
pub const DRILL_MS_DEFAULT: i64 = 15 * 60 * 1000;
/// Stores of one drill.
pub const DRILL_STORES_MAX: usize = 50;
/// Tasks of each store that a dry drill decides about.
pub const DRILL_TASKS_MAX: u32 = 500;
/// How long a code that pairs a device is good: long enough to walk to the handheld, too short to
/// leave lying about.
pub const PAIRING_CODE_MS: i64 = 10 * 60 * 1000;
/// Errors of one import file that are told at once.
pub const IMPORT_ERRORS_TOLD_MAX: usize = 20;
/// SKU classes that one stock policy names.
pub const STOCK_CLASSES_MAX: usize = 256;
/// Channels that one class of a stock policy names.
pub const STOCK_CHANNELS_MAX: usize = 64;
/// Nodes that are told to have kept units back from one order line.
pub const WITHHELD_NODES_MAX: usize = 3;
/// Days of one stock report.
pub const STOCK_REPORT_DAYS_MAX: i64 = 92;
/// Rows of one stock report: of the stores, classes and channels with the most units.
pub const STOCK_REPORT_ROWS_MAX: i64 = 2_000;
/// Open event streams of one process.
pub const STREAMS_MAX: usize = 256;
/// Events that a slow stream may lag behind before it is told to reload.
pub const STREAM_LAG_MAX: usize = 1024;

/// Facts of one stock document before its writer opens the next.
pub const EPOCH_FACTS_MAX: usize = 10_000;
/// Facts that one automerge change carries at the most.
pub const CHANGE_FACTS_MAX: usize = 500;
/// Bytes of one raw automerge change.
pub const CHANGE_BYTES_MAX: usize = 1024 * 1024;
/// Dependencies that one change may name.
pub const CHANGE_DEPS_MAX: usize = 64;
/// Heads that one document may have.
pub const HEADS_MAX: usize = 64;
/// Facts of one commit that carries them into documents: commands at the till do not wait for more.
pub const CARRIED_FACTS_MAX: i64 = 2_500;
/// Operations of any document, which is what memory and time depend on: an epoch and some slack for
/// its closing fact and for ids that were put twice.
pub const DOCUMENT_FACTS_MAX: usize = EPOCH_FACTS_MAX + 2 * CHANGE_FACTS_MAX;
/// Words about a task that are tried, one after the other, for having been known when it was packed.
pub const WORDS_BESIDE_MAX: usize = 128;

/// Bytes of one document's changes in its archive, unpacked.
pub const ARCHIVE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Positions of one piece of a baseline.
pub const BASELINE_POSITIONS_MAX: usize = 2_000;
/// Seals of one answer.
pub const SEALS_MAX: usize = 1_000;
/// SKUs of one store that are in escrow: scarce ones are few.
pub const ESCROW_SKUS_MAX: usize = 200;
/// Classes of SKUs that are in escrow at one store.
pub const ESCROW_CLASSES_MAX: usize = 20;
/// Labels that could not be made which a store keeps for central, and parcels or labels that it is told of.
pub const PARCELS_TOLD_MAX: usize = 200;
/// Rows that one step of housekeeping changes, so that nobody waits long behind it.
pub const HOUSEKEEPING_ROWS_MAX: usize = 2_000;
/// Documents that one step seals, reopens or closes.
pub const SEALING_DOCUMENTS_MAX: usize = 16;

/// Documents of one sync message.
pub const SYNC_DOCUMENTS_MAX: usize = 2_000;
/// Bytes of one compressed sync message.
pub const SYNC_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Bytes of one sync message after decompression.
pub const SYNC_PLAIN_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Bytes of changes that a sender puts into one message before it makes the next.
pub const SYNC_PIECE_BYTES: usize = 4 * 1024 * 1024;
/// Bytes of a sync message, and of the changes in it, that goes ahead of backlogs.
pub const SYNC_SMALL_BYTES: usize = 64 * 1024;
/// Small sync messages that central has in work at once; fewer than requests of all kinds, so that
/// orders and people get through while stores come back.
pub const SYNC_EXCHANGES_MAX: usize = 256;
/// Larger sync messages that central has in work at once.
pub const SYNC_BACKLOGS_MAX: usize = 8;
/// Messages of one sync conversation.
pub const SYNC_ROUNDS_MAX: usize = 64;

/// By how much the incarnation that a replica has heard of may be ahead of central's own.
pub const INCARNATION_LEAP_MAX: u32 = 10_000;
/// By how much a restore that no witness measures raises the incarnation.
pub const INCARNATION_STEP_MAX: u32 = 211;
/// Boxes of one store that were enrolled after a backup and whose stock a sibling may still bring back.
pub const LOST_REPLICAS_MAX: usize = 26;
/// Boots of one replica that central remembers.
pub const REPLICA_BOOTS_MAX: i64 = 32;
/// Boots that an agent remembers to have spoken while central answered none of them.
pub const SPOKEN_BOOTS_MAX: usize = 32;
/// Changes that central keeps of one box that is kept apart.
pub const QUARANTINE_CHANGES_MAX: i64 = 50_000;
/// Bytes of them.
pub const QUARANTINE_BYTES_MAX: i64 = 64 * 1024 * 1024;

/// Bytes of one MQTT payload.
pub const MQTT_PAYLOAD_BYTES_MAX: usize = 16 * 1024;

/// States of a store, each a root and a stock digest, that its heartbeats may still speak of.
pub const DIGEST_PAIRS_MAX: usize = 16;

/// Jobs that wait for the one SQLite writer.
pub const WRITER_QUEUE_MAX: usize = 4_096;
/// Jobs that share one commit.
pub const WRITER_BATCH_MAX: usize = 512;

/// Bytes that an agent holds back on its disk, to let go when it fills.
pub const BALLAST_BYTES: u64 = 8 * 1024 * 1024;
/// Losses of storage that one message tells, or one status page shows.
pub const LOSSES_TOLD_MAX: usize = 16;

/// Orders that one run of routing takes up; the next run takes the next ones. A run reads the stock of each SKU
/// at every node, and many orders should share that.
pub const DEMANDS_MAX: u32 = 8_000;
/// Positions that one run of routing keeps in memory.
pub const STOCK_POSITIONS_KEPT_MAX: usize = 400_000;
/// Ways in which the positions of one SKU are kept cut, for channels, kinds and quantities.
pub const LAYOUTS_KEPT_MAX: usize = 8;

/// Rungs of one ladder.
pub const LADDER_RUNGS_MAX: usize = 16;
/// Nearest nodes that are looked at to know whether a date can be kept at all.
pub const DATE_NODES_MAX: usize = 32;
/// Regions that one rung may name.
pub const RUNG_REGIONS_MAX: usize = 100;
/// Nodes that may share one order.
pub const PARCELS_MAX: u32 = 8;
/// Nodes that a split is sought among, and steps of that search.
pub const SPLIT_NODES_MAX: usize = 24;
pub const SPLIT_STEPS_MAX: u32 = 20_000;
/// Candidates of one rung that a decision may list.
pub const CANDIDATES_TOLD_MAX: usize = 200;
/// What is kept of what one decision was made from.
pub const DECISION_INPUT_BYTES_MAX: usize = 32 * 1024;
/// The same with all whom it listed, before it is packed. What is larger is not kept beside the decision.
pub const DECISION_KEPT_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Nodes that are known to be told in storage: a chain of ten thousand, as they change in the course of some hours.
pub const NODES_SEEN_MAX: usize = 100_000;
/// Kilometres that a weight of a routing policy may stand for.
pub const WEIGHT_MAX: f64 = 1_000_000.0;
/// How long a store may have to answer.
pub const OFFER_MS_MAX: i64 = 7 * 24 * 60 * 60 * 1000;
/// How long an order may wait for a node that is closed.
pub const HOLD_WITHIN_MS_MAX: i64 = 7 * 24 * 60 * 60 * 1000;
/// How long an order may wait until its goods have come to one store.
pub const GATHER_WITHIN_MS_MAX: i64 = 14 * 24 * 60 * 60 * 1000;
/// Gatherings that one look of central ends.
pub const GATHERINGS_MAX: u32 = 200;
/// Closed nodes of one rung that are looked at for one that opens soon.
pub const HOLD_NODES_MAX: usize = 32;

/// What began so much later than now began before a clock was put back: it does not wait for that long again.
pub const CLOCK_STEP_FORGIVEN_MS: i64 = 60_000;

/// Services of carriers that one policy describes.
pub const CARRIER_SERVICES_MAX: usize = 64;
/// Days on which a service rests.
pub const CARRIER_HOLIDAYS_MAX: usize = 400;
/// Bands of distance of one service.
pub const TRANSIT_BANDS_MAX: usize = 32;
/// Days that goods travel.
pub const TRANSIT_DAYS_MAX: u16 = 60;
/// Days that are looked through for a cutoff, an opening or a day of arrival.
pub const CALENDAR_DAYS_MAX: u16 = 400;
/// Minutes of opening time that one step of handling may take: a week around the clock.
pub const HANDLING_MINUTES_MAX: u32 = 7 * 24 * 60;
/// Lines that set the handling of stores and kinds.
pub const HANDLING_RULES_MAX: usize = 20_000;
/// Minor units of one part of a price.
pub const PRICE_MINOR_MAX: i64 = 100_000_000;
/// Lines of a cart that a promise is asked for.
pub const CART_LINES_MAX: usize = 100;
/// Seconds for which units are set aside for a cart.
pub const CART_HOLD_S_MAX: i64 = 60 * 60;
/// Goods that may stand in for one SKU.
pub const SUBSTITUTES_MAX: usize = 10;
/// Lines of one order for which substitutes are looked for at once.
pub const SUBSTITUTED_LINES_MAX: usize = 20;
/// How long a customer may think about a substitute: its units are set aside for that long.
pub const SUBSTITUTION_ANSWER_MS_MAX: i64 = CART_HOLD_S_MAX * 1_000;
/// Receipts of one SKU that are expected.
pub const EXPECTED_RECEIPTS_MAX: usize = 100;
/// How far ahead a receipt may be expected.
pub const EXPECTED_AHEAD_MS_MAX: i64 = 2 * 366 * 24 * 60 * 60 * 1000;
/// SKUs whose backorders are dated in one step.
pub const DATED_SKUS_MAX: usize = 200;
/// Backordered lines of one SKU that are given a date, the first in the queue.
pub const DATED_LINES_MAX: usize = 1_000;
/// Bytes of the text of a policy.
pub const POLICY_BYTES_MAX: usize = 64 * 1024;
/// What is wrong with one policy and told at once.
pub const POLICY_FINDINGS_MAX: usize = 100;
/// How far ahead a policy may be set to begin.
pub const POLICY_AHEAD_MS_MAX: i64 = 400 * 24 * 60 * 60 * 1000;
/// How long policies may be frozen with one word.
pub const POLICY_FREEZE_MS_MAX: i64 = 60 * 24 * 60 * 60 * 1000;
/// Versions of policies of one tenant; each stays for the record.
pub const POLICY_VERSIONS_MAX: u32 = 100_000;
/// Classes of articles that are read to check what a policy says of them.
pub const POLICY_CLASSES_MAX: u32 = 10_000;
/// The largest part of the orders, in percent, on which a policy is tried.
pub const ROLLOUT_PERCENT_MAX: u8 = 50;
/// The same where nothing but the share limits who follows it.
pub const ROLLOUT_OPEN_COHORT_PERCENT_MAX: u8 = 10;
/// The same where a trial touches every class of articles, every region and every node at once.
pub const ROLLOUT_EVERYWHERE_PERCENT_MAX: u8 = 30;
/// Words, names or conditions in one list of a rollout's plan.
pub const ROLLOUT_WORDS_MAX: usize = 50;
/// Open orders that are looked at for who follows a policy that is tried.
pub const ROLLOUT_SUBJECTS_MAX: u32 = 10_000;
/// Orders that a report after a launch or a way back looks at one by one, the newest.
pub const RECONCILED_ORDERS_MAX: u32 = 2_000;
/// Orders that do not agree and are told of by name in one report.
pub const RECONCILED_TOLD_MAX: usize = 100;
/// Orders in flight that the way back is worked out for.
pub const IN_FLIGHT_ORDERS_MAX: u32 = 50_000;
/// Events and exceptions that a report after a launch looks through, the newest.
pub const LAUNCH_EVENTS_MAX: u32 = 50_000;
/// Days that a report after a launch, or of what a policy used, may cover.
pub const LAUNCH_DAYS_MAX: u32 = 30;
/// Newest orders by which the channels of a chain are known.
pub const CHANNEL_ORDERS_MAX: u32 = 2_000;
/// Files of the folder of backups that are looked at.
pub const BACKUPS_LOOKED_AT_MAX: usize = 10_000;
/// Sign-offs of one version of a policy.
pub const SIGN_OFFS_MAX: usize = 100;
/// Systems, consumers or versions that one list of the launch settings names.
pub const LAUNCH_NAMES_MAX: usize = 100;
/// How old the newest use of an API key on record may be before it is written anew.
pub const KEY_USE_MS: i64 = 60 * 60 * 1000;
/// API keys whose newest use is known without asking storage.
pub const KEY_USES_MAX: usize = 10_000;
/// Decisions of a trial that are measured, the newest.
pub const ROLLOUT_MEASURED_MAX: u32 = 20_000;
/// Orders that one replay goes through.
pub const REPLAY_ORDERS_MAX: u32 = 10_000;
/// Orders that one replay is asked for by name.
pub const REPLAY_LISTED_MAX: usize = 1_000;
/// Days that one replay goes through.
pub const REPLAY_DAYS_MAX: i64 = 92;
/// Orders that changed most, told of one replay.
pub const REPLAY_TOLD_MAX: usize = 200;
/// Replays of one tenant that wait or run at once.
pub const REPLAYS_WAITING_MAX: usize = 4;
/// Replays that a process remembers, over or not.
pub const REPLAYS_KEPT_MAX: usize = 64;
/// Days that one answer about routing covers.
pub const ROUTING_KPI_DAYS_MAX: i64 = 366;
/// Channels, nodes or the like that one answer about routing tells of.
pub const ROUTING_KPI_SLICES_MAX: u32 = 1_000;
/// How long a version of a policy may be in shadow.
pub const SHADOW_MS_MAX: i64 = 90 * 24 * 60 * 60 * 1000;
/// By how much two promises may be apart and still be called the same.
pub const SHADOW_TOLERANCE_MS_MAX: i64 = 7 * 24 * 60 * 60 * 1000;
/// Decisions that one look compares, so that nobody waits behind it.
pub const SHADOW_DECISIONS_MAX: u32 = 100;
/// Differences of one tenant and day that are kept one by one; what comes beyond is only counted.
pub const SHADOW_DIFFS_A_DAY_MAX: u32 = 5_000;
/// Differences that one word of a person settles.
pub const SHADOW_TRIAGED_MAX: u32 = 1_000;
/// SKUs, nodes and rules that a report names.
pub const SHADOW_TOLD_MAX: u32 = 10;
/// Decisions of another system in one request.
pub const SHADOW_BATCH_MAX: usize = 500;
/// Decisions of another system that wait for central's, of one tenant.
pub const SHADOW_WAITING_MAX: u32 = 100_000;
/// Lines of another system that one look compares.
pub const SHADOW_LINES_MAX: u32 = 200;
/// Decisions of one order that are made again to find out whether only the time differed.
pub const SHADOW_RERUNS_MAX: usize = 8;
/// Days for which differences, their counts and another system's decisions are kept.
pub const SHADOW_DAYS_KEPT: i64 = 90;
/// Discounts, and taxes, of one order or of one line.
pub const ORDER_AMOUNTS_MAX: usize = 20;
/// Characters of the name of a discount or a tax.
pub const AMOUNT_NAME_CHARS_MAX: usize = 64;
/// Characters of a payment provider's token.
pub const PAYMENT_TOKEN_CHARS_MAX: usize = 255;
/// Characters of what a channel calls a customer.
pub const CUSTOMER_ID_CHARS_MAX: usize = 128;
/// Characters of one personal text: a name, a line of an address, the message of a gift.
pub const PERSONAL_CHARS_MAX: usize = 500;
/// Lines of an address.
pub const ADDRESS_LINES_MAX: usize = 10;
/// Digits of a telephone number, with the country's.
pub const PHONE_DIGITS_MAX: usize = 15;
/// Characters of a root key that derived keys repeat; a longer one stands in them as its hash, so that a
/// derived key is never longer than a key may be.
pub const ROOT_KEY_CHARS_MAX: usize = 80;
/// Orders of one customer that one call erases.
pub const CUSTOMER_ORDERS_ERASED_MAX: u32 = 500;
/// Lines that one change of an order names, to alter or to add.
pub const CHANGE_LINES_MAX: usize = 100;
/// Orders of one batch.
pub const ORDER_BATCH_MAX: usize = 500;
/// Bytes of a batch of orders.
pub const ORDER_BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Orders of one batch that are written at once: the writer commits them together.
pub const ORDER_BATCH_AT_ONCE: usize = 64;
/// Orders of one name (a customer, a store) that a search goes by: the newest.
pub const SEARCH_NAMED_MAX: u32 = 10_000;
/// Orders that are looked through for one page of what is found.
pub const SEARCH_LOOKED_MAX: u32 = 20_000;
/// Characters of what is searched for.
pub const SEARCH_CHARS_MAX: usize = 200;
/// How long a customer's token of an order is good for at most.
pub const ORDER_TOKEN_S_MAX: i64 = 90 * 86_400;
/// Exceptions of one order that its timeline tells of: the newest.
pub const TIMELINE_EXCEPTIONS_MAX: u32 = 100;
/// How long before it an order of the same customer and goods may make another a possible duplicate.
pub const DUPLICATE_MINUTES_MAX: u32 = 7 * 24 * 60;
/// Channels whose orders have a priority of their own.
pub const INTAKE_CHANNELS_MAX: usize = 64;
/// The newest facts of a store that are looked through for what came back.
pub const BROUGHT_BACK_FACTS_MAX: u32 = 50_000;
/// Refunds of one order.
pub const REFUNDS_MAX: usize = 100;
/// Facts about the money of one order; beyond it a person goes on with it by hand.
pub const SAGA_FACTS_MAX: usize = 2_000;
/// Payment providers of one central.
pub const PAYMENT_PROVIDERS_MAX: usize = 64;
/// Calls of one payment provider in a second, and under way at once.
pub const PAYMENT_CALLS_MAX: u32 = 1_000;
/// Bytes of a webhook of a payment provider.
pub const PAYMENT_NOTICE_BYTES_MAX: usize = 256 * 1024;
