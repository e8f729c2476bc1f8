//! The whole process: start, refuse a second, stop, start again.

use crate::runtime::{CentralConfig, start};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn status_line(address: std::net::SocketAddr) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text.lines().next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn one_process_per_directory_and_the_same_key_after_a_restart() {
    let place = tempfile::tempdir().unwrap();
    let config = CentralConfig::embedded(place.path());
    let first = start(config.clone(), None).await.unwrap();
    assert_eq!(status_line(first.http_address()).await, "HTTP/1.1 200 OK");
    assert!(first.mqtt_address().is_some());
    let key = first.admin_key().to_owned();
    let told = start(config.clone(), None).await.unwrap_err().to_string();
    assert!(told.contains("is in use by process"), "{told}");
    first.stop().await.unwrap();
    let second = start(config, None).await.unwrap();
    assert_eq!(second.admin_key(), key);
    second.stop().await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn the_admin_key_is_for_its_own_user_only() {
    use std::os::unix::fs::PermissionsExt;
    let place = tempfile::tempdir().unwrap();
    let running = start(CentralConfig::embedded(place.path()), None).await.unwrap();
    let mode = std::fs::metadata(place.path().join("admin.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    running.stop().await.unwrap();
}
