//! What the settings say of events on their way out.

use crate::adapters::sinks::{NatsSettings, SinkSettings};
use crate::core::events::cloud::Naming;
use holdfast_platform::config::{Flawed, Reader};
use holdfast_platform::secret::Secret;

#[derive(Debug, Clone, Default)]
pub struct Egress {
    pub naming: Naming,
    pub sinks: SinkSettings,
}

pub(super) fn read(reader: &mut Reader) -> Result<Egress, Flawed> {
    let usual = Naming::default();
    let source = reader.or_default("events.source", usual.source);
    let type_prefix = reader.or_default("events.type_prefix", usual.type_prefix);
    let private_receivers = reader.or_default("events.private_receivers", false);
    let url = reader.optional::<String>("events.nats.url");
    let user = reader.optional::<String>("events.nats.user");
    let password = reader.optional::<Secret>("events.nats.password");
    let credentials_file = reader.optional("events.nats.credentials_file");
    let brokers = reader.optional::<String>("events.kafka.brokers");
    let (user, password, credentials_file) = (user?, password?, credentials_file?);
    let nats = url?.map(|url| NatsSettings { url, user, password, credentials_file });
    let kafka = brokers?.map(|brokers| ("bootstrap.servers".to_owned(), brokers)).into_iter().collect();
    let naming = Naming { source: source?, type_prefix: type_prefix? };
    let words = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:/".contains(&byte))
    };
    if !words(&naming.source) {
        return Err(reader.reject("events.source", "expected a URI, like \"urn:holdfast\""));
    }
    if !words(&naming.type_prefix) {
        return Err(reader.reject("events.type_prefix", "expected a domain backwards, like \"com.example\""));
    }
    Ok(Egress { naming, sinks: SinkSettings { private_receivers: private_receivers?, nats, kafka } })
}
