//! Of events and who is sent them.

/// Keys, or beginnings of keys, that one filter of events names.
pub const EVENT_FILTER_KEYS_MAX: usize = 100;
/// Characters of an event's key, and of what a filter names in its place.
pub const EVENT_KEY_CHARS_MAX: usize = 200;
/// Consumers of events that one tenant registers.
pub const EVENT_CONSUMERS_MAX: usize = 50;
/// Events of one consumer that wait for another try, or behind one that does. Beyond it nothing new is sent.
pub const EVENTS_WAITING_MAX: u32 = 10_000;
/// Events of one consumer that one call has tried again after they were put aside.
pub const EVENTS_TRIED_AGAIN_MAX: u32 = 1_000;
/// Events that one step of a delivery reads.
pub const EVENTS_READ_MAX: u32 = 256;
/// Events of different keys that one consumer is sent at once.
pub const EVENTS_SENT_AT_ONCE_MAX: usize = 8;
/// Events that a consumer may ask for a second.
pub const EVENTS_PER_SECOND_MAX: u32 = 10_000;
/// Lines of one consumer's delivery log.
pub const DELIVERIES_KEPT_MAX: u32 = 5_000;
/// Characters of a head or a body that a line of the delivery log keeps.
pub const DELIVERY_WORDS_MAX: usize = 2_000;
/// Bytes of an answer to a webhook that are read.
pub const WEBHOOK_ANSWER_BYTES_MAX: usize = 16 * 1024;
/// Secrets that sign for one consumer at once, while one takes the place of the other.
pub const CONSUMER_SECRETS_MAX: usize = 2;
/// How long a consumer may want to be tried again.
pub const DELIVERY_AGE_MS_MAX: i64 = 14 * 24 * 60 * 60 * 1000;
