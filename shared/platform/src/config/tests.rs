use super::*;
use std::net::SocketAddr;
use std::time::Duration;

fn reader(file: &str, env: &[(&str, &str)]) -> (Reader, tempfile::TempDir) {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("agent.toml");
    std::fs::write(&path, file).unwrap();
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let mut reader = Reader::load(Some(&path), "HF", env);
    reader.name = "agent.toml".to_owned();
    (reader, place)
}

#[test]
fn every_mistake_is_told_at_once_with_its_line() {
    let (mut reader, _place) = reader(
        "[lan]\nlisten = \"nowhere\"\nport = \"many\"\nwiat = \"5s\"\n\n[mode]\nkind = \"fast\"\n",
        &[("HF_LAN_WAITT", "1s"), ("HF_DEPTH", "deep"), ("OTHER", "x")],
    );
    assert_eq!(reader.required::<SocketAddr>("lan.listen"), Err(Flawed));
    assert_eq!(reader.or_default("lan.port", 80_u16), Err(Flawed));
    assert_eq!(reader.or_default("lan.wait", Duration::ZERO), Ok(Duration::ZERO));
    assert_eq!(reader.one_of("mode.kind", &[("slow", 1), ("steady", 2)], 1), Err(Flawed));
    assert_eq!(reader.optional::<u32>("depth"), Err(Flawed));
    assert_eq!(reader.required::<String>("store"), Err(Flawed));
    let told = reader.finish().unwrap_err().to_string();
    assert_eq!(
        told.lines().collect::<Vec<_>>(),
        [
            "agent.toml: store (or HF_STORE): is missing",
            "agent.toml:2: lan.listen: expected an address and port like \"127.0.0.1:8080\", found \"nowhere\"",
            "agent.toml:3: lan.port: expected a whole number from 0 to 65535, found \"many\"",
            "agent.toml:4: lan.wiat is not known; did you mean lan.wait?",
            "agent.toml:7: mode.kind: expected one of \"slow\", \"steady\", found \"fast\"",
            "environment: HF_DEPTH: expected a whole number from 0 to 4294967295, found \"deep\"",
            "environment: HF_LAN_WAITT is not known; did you mean HF_LAN_WAIT?",
        ]
    );
}

#[test]
fn the_environment_wins_over_the_file() {
    let (mut reader, _place) = reader("[lan]\nwait = \"5s\"\n", &[("HF_LAN_WAIT", "250ms")]);
    assert_eq!(reader.optional("lan.wait"), Ok(Some(Duration::from_millis(250))));
    assert_eq!(reader.finish(), Ok(()));
}

#[test]
fn lists_sizes_and_free_tables_are_read() {
    #[derive(serde::Deserialize, Debug, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Peer {
        name: String,
    }
    let file = "size = \"2MiB\"\n[labels]\na = \"1\"\n[[peers]]\nname = \"x\"\n[[peers]]\nname = \"y\"\n";
    let (mut reader, _place) = reader(file, &[]);
    assert_eq!(reader.required("size"), Ok(ByteSize(2 << 20)));
    assert_eq!(reader.entries::<String>("labels").unwrap().len(), 1);
    assert_eq!(reader.list::<Peer>("peers").unwrap().len(), 2);
    assert_eq!(reader.finish(), Ok(()));
}

#[test]
fn a_file_that_is_not_toml_is_told_once_with_its_line() {
    let (mut reader, _place) = reader("a = 1\nb = = 2\n", &[]);
    assert_eq!(reader.required::<u32>("a"), Err(Flawed));
    let errors = reader.finish().unwrap_err().0;
    assert!(errors.iter().all(|error| error.contains("agent.toml:2: ")), "{errors:?}");
}
