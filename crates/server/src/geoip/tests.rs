//! With the databases that MaxMind publishes for tests: `scripts/geoip-test-data` fetches them.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::*;

fn file(name: &str) -> PathBuf {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/geoip-test-data");
    let file = PathBuf::from(folder).join(name);
    assert!(
        file.exists(),
        "{} is not there: run scripts/geoip-test-data",
        file.display()
    );
    file
}

fn open(name: &str) -> GeoIp {
    GeoIp::open(Some(&file(name))).unwrap()
}

fn located(database: &GeoIp, address: &str) -> Option<Value> {
    let location = database.locate(address.parse().unwrap())?;
    Some(serde_json::from_str(location.get()).unwrap())
}

#[test]
fn a_database_of_cities_knows_all_parts() {
    let database = open("GeoIP2-City-Test.mmdb");
    let expected = json!({
        "country": "United Kingdom", "countryCode": "GB", "region": "England", "city": "London",
        "latitude": 51.5142, "longitude": -0.0931, "timezone": "Europe/London",
    });
    for address in ["81.2.69.160", "::ffff:81.2.69.160"] {
        assert_eq!(located(&database, address).unwrap(), expected, "{address}");
    }
}

#[test]
fn what_is_not_known_is_absent() {
    let database = open("GeoIP2-City-Test.mmdb");
    let parts = located(&database, "2001:218::1").unwrap();
    assert_eq!(parts["countryCode"], "JP");
    assert!(parts.get("city").is_none(), "{parts}");
    assert_eq!(located(&database, "198.51.100.1"), None);
}

#[test]
fn a_database_of_countries_knows_the_country() {
    let database = open("GeoIP2-Country-Test.mmdb");
    let expected = json!({"country": "United Kingdom", "countryCode": "GB"});
    assert_eq!(located(&database, "81.2.69.160"), Some(expected));
}

#[test]
fn private_addresses_are_nowhere() {
    let database = open("GeoIP2-City-Test.mmdb");
    for address in [
        "10.0.0.1",
        "192.168.1.1",
        "172.16.0.1",
        "127.0.0.1",
        "169.254.1.1",
        "0.0.0.0",
        "::",
        "::1",
        "fd00::1",
        "fe80::1",
        "::ffff:10.0.0.1",
    ] {
        assert!(
            !is_public(address.parse::<IpAddr>().unwrap().to_canonical()),
            "{address}"
        );
        assert_eq!(located(&database, address), None, "{address}");
    }
    assert!(is_public("81.2.69.160".parse().unwrap()));
}

#[test]
fn without_a_database_nothing_has_a_location() {
    let none = GeoIp::open(None).unwrap();
    assert_eq!(located(&none, "81.2.69.160"), None);
}

#[test]
fn a_file_of_something_else_is_refused_by_name() {
    let text = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(text.path(), "no database").unwrap();
    let missing = text.path().join("missing.mmdb");
    for file in [text.path(), &missing] {
        let error = format!("{:#}", GeoIp::open(Some(file)).unwrap_err());
        assert!(
            error.contains(&file.display().to_string()) && error.contains("--geoip"),
            "{error}"
        );
    }
    let other = GeoIp::open(Some(&file("GeoLite2-ASN-Test.mmdb"))).unwrap_err();
    assert!(other.to_string().contains("GeoLite2-ASN"), "{other}");
}
