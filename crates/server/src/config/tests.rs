use std::fs;

use tempfile::NamedTempFile;

use super::*;
use crate::resources::message::by_mail::BASE_CHARS_MAX;

/// Sources that read nothing but what the test says: the file is always named.
fn sources(toml: &str, variables: &[(&str, &str)]) -> (Sources, NamedTempFile) {
    let file = NamedTempFile::new().unwrap();
    fs::write(file.path(), toml).unwrap();
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    (
        Sources {
            file: Some(file.path().to_owned()),
            variables,
            flags: Vec::new(),
        },
        file,
    )
}

fn load(toml: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
    Config::load(&sources(toml, variables).0).map_err(|error| error.to_string())
}

fn fault(toml: &str, variables: &[(&str, &str)]) -> String {
    load(toml, variables).unwrap_err()
}

#[test]
fn the_defaults_are_complete() {
    let config = load("", &[]).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.database, Database::Sqlite);
    assert_eq!(config.public_url, None);
    assert_eq!(config.base_url(), "http://127.0.0.1:8080");
    assert_eq!(config.secret_path(), PathBuf::from("./data/secret.key"));
    assert_eq!(config.http.body_bytes_max, limits::BODY_BYTES_MAX);
    assert_eq!(config.limits.admin_requests_per_minute, 1_000);
}

#[test]
fn every_number_has_a_range() {
    let numbers = DEFAULTS.lines().filter(|line| {
        line.split(" = ")
            .nth(1)
            .is_some_and(|value| value.parse::<u64>().is_ok())
    });
    assert_eq!(numbers.count(), range::all().count());
}

#[test]
fn flags_win_over_variables_over_the_file_over_defaults() {
    let toml = "listen = '0.0.0.0:1'\n[limits]\nlogins_per_minute = 1\nattribute_keys_max = 1\n[log]\nlevel = 'warn'\n";
    let variables = [
        ("HARK_LISTEN", "0.0.0.0:2"),
        ("HARK_LIMITS_LOGINS_PER_MINUTE", "2"),
        ("PATH", "/bin"),
    ];
    let (mut sources, _file) = sources(toml, &variables);
    sources.flags = vec![("--listen", "listen", "0.0.0.0:3".to_owned())];
    let config = Config::load(&sources).unwrap();
    assert_eq!(config.listen.port(), 3);
    assert_eq!(config.limits.logins_per_minute, 2);
    assert_eq!(config.limits.attribute_keys_max, 1);
    assert_eq!(config.log.level, LogLevel::Warn);
    assert_eq!(config.limits.v3_requests_per_minute, 6_000);
}

#[test]
fn unknown_options_are_named_with_their_source() {
    let (sources, file) = sources(
        "lisen = 'x'\n[http]\nheder_bytes_max = 1\n",
        &[("HARK_LOG_LEVL", "info")],
    );
    let faults = Config::load(&sources).unwrap_err().to_string();
    let file = file.path().display();
    for fault in [
        format!("{file}: unknown option `lisen`"),
        format!("{file}: unknown option `http.heder_bytes_max`"),
    ] {
        assert!(faults.contains(&fault), "{faults}");
    }
    assert!(
        faults.contains("unknown variable HARK_LOG_LEVL"),
        "{faults}"
    );
}

#[test]
fn an_unknown_section_is_named() {
    assert!(
        fault("[htp]\nbody_bytes_max = 1\n", &[]).contains("unknown option `htp.body_bytes_max`")
    );
}

#[test]
fn a_file_that_is_named_must_exist() {
    let named = |name: &str| vec![("HARK_CONFIG".to_owned(), name.to_owned())];
    let sources = Sources {
        variables: named("/nowhere/hark.toml"),
        ..Sources::default()
    };
    assert!(
        Config::load(&sources)
            .unwrap_err()
            .to_string()
            .starts_with("/nowhere/hark.toml: cannot be read")
    );
}

#[test]
fn a_malformed_file_is_located() {
    let fault = fault("[http\n", &[]);
    assert!(fault.contains("line 1"), "{fault}");
}

#[test]
fn wrong_values_name_source_key_and_remedy() {
    let fault = |variable: &str, value: &str| load("", &[(variable, value)]).unwrap_err();
    assert_eq!(
        fault("HARK_HTTP_CONNECTIONS_MAX", "many"),
        r#"HARK_HTTP_CONNECTIONS_MAX: `http.connections_max`: expected u32, found string "many""#
    );
    assert_eq!(
        fault("HARK_LOG_REQUESTS", "some"),
        r#"HARK_LOG_REQUESTS: `log.requests`: "some" is none of all, errors, none"#
    );
    assert_eq!(
        fault("HARK_LISTEN", "8080"),
        r#"HARK_LISTEN: `listen`: "8080" is not an address with a port: write one such as "127.0.0.1:8080" or "[::]:8080""#
    );
}

#[test]
fn numbers_have_bounds() {
    let fault = fault("", &[("HARK_HTTP_CONNECTIONS_MAX", "0")]);
    assert_eq!(
        fault,
        "HARK_HTTP_CONNECTIONS_MAX: `http.connections_max` is 0: choose a number from 1 to 1000000"
    );
    for (key, range) in range::all() {
        let variable = format!("HARK_{}", key.replace('.', "_").to_uppercase());
        let loads = |value: u64| load("", &[(&variable, &value.to_string())]).is_ok();
        assert!(loads(*range.start()) && loads(*range.end()), "{key}");
        assert!(!loads(*range.end() + 1), "{key}");
        assert!(
            range
                .start()
                .checked_sub(1)
                .is_none_or(|below| !loads(below)),
            "{key}"
        );
    }
}

#[test]
fn the_public_url_is_a_bare_origin() {
    let read = |url: &str| load("", &[("HARK_PUBLIC_URL", url)]).map(|config| config.base_url());
    assert_eq!(
        read("https://hark.example.com/").unwrap(),
        "https://hark.example.com"
    );
    assert_eq!(
        read("http://10.0.0.1:8080").unwrap(),
        "http://10.0.0.1:8080"
    );
    for wrong in [
        "hark.example.com",
        "https://hark.example.com/app",
        "ftp://hark.example.com",
        "https://",
        "https://h/?q",
    ] {
        let fault = read(wrong).unwrap_err();
        assert!(
            fault.contains("`public_url`") && fault.contains("https://hark.example.com"),
            "{fault}"
        );
    }
}

#[test]
fn the_public_host_is_that_of_the_addresses_of_requests() {
    let host = |url: &str| load("", &[("HARK_PUBLIC_URL", url)]).unwrap().public_host();
    assert_eq!(load("", &[]).unwrap().public_host(), "127.0.0.1:8080");
    assert_eq!(host("https://Hark.example.com/"), "hark.example.com");
    assert_eq!(host("https://hark.example.com:443"), "hark.example.com");
    assert_eq!(host("https://hark.example.com:80"), "hark.example.com:80");
    assert_eq!(host("http://hark.example.com:80"), "hark.example.com");
    assert_eq!(host("http://[::1]:8080"), "[::1]:8080");
}

#[test]
fn the_address_of_answers_has_room_for_a_token() {
    let read = |address: &str| load("", &[("HARK_SMTP_REPLY_TO", address)]);
    assert_eq!(read("").unwrap().smtp.reply_to, None);
    let longest = "x".repeat(BASE_CHARS_MAX);
    for good in [
        "reply@support.example.com",
        &format!("{longest}@example.com"),
    ] {
        let read = read(good).unwrap().smtp.reply_to.unwrap();
        assert_eq!(read.to_string(), good);
    }
    for bad in [
        "reply",
        "Support <reply@example.com>",
        "re+ply@example.com",
        &format!("x{longest}@example.com"),
    ] {
        let fault = read(bad).unwrap_err();
        assert!(
            fault.contains("`smtp.reply_to`") && fault.contains("at most 10"),
            "{fault}"
        );
    }
}

#[test]
fn the_secret_of_mails_is_long_and_never_shown() {
    let read = |secret: &str| load("", &[("HARK_SMTP_INBOUND_SECRET", secret)]);
    assert_eq!(read("").unwrap().smtp.inbound_secret, None);
    let secret = "x".repeat(mail::INBOUND_SECRET_CHARS_MIN);
    let config = read(&secret).unwrap();
    assert_eq!(config.smtp.inbound_secret, Some(Secret(secret.clone())));
    assert!(!format!("{config:?}").contains(&secret));
    for bad in [&secret[1..], &format!("{secret} "), &format!("{secret}ü")] {
        let fault = read(bad).unwrap_err();
        assert!(
            fault.contains("`smtp.inbound_secret`") && fault.contains("32"),
            "{fault}"
        );
        assert!(!fault.contains(&secret[1..]), "{fault}");
    }
}

#[test]
fn trusted_proxies_are_addresses_or_networks() {
    let read = |list: &str| load("", &[("HARK_TRUSTED_PROXY", list)]);
    let proxies = read("10.0.0.0/8, 127.0.0.1,::1").unwrap().trusted_proxy;
    assert_eq!(
        proxies.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["10.0.0.0/8", "127.0.0.1/32", "::1/128"]
    );
    assert_eq!(
        load("trusted_proxy = ['10.0.0.0/8']", &[])
            .unwrap()
            .trusted_proxy
            .len(),
        1
    );
    assert!(
        read("10.0.0.0/33")
            .unwrap_err()
            .contains("\"10.0.0.0/33\" is not a network")
    );
}

#[test]
fn the_database_is_a_file_or_a_server_and_its_url_is_never_shown() {
    let read = |url: &str| load("", &[("HARK_DATABASE", url)]);
    let url = "postgres://hark:s3cret@db.example.com/hark";
    let config = read(url).unwrap();
    assert_eq!(config.database, Database::Postgres(Secret(url.into())));
    assert!(!format!("{config:?}").contains("s3cret"));
    for other in [
        "mysql://hark:s3cret@db.example.com",
        "postgres",
        "sqlite:file",
    ] {
        let fault = read(other).unwrap_err();
        assert!(
            fault.contains("`database`: not a known database: use"),
            "{fault}"
        );
        assert!(!fault.contains("s3cret"), "{fault}");
    }
}
