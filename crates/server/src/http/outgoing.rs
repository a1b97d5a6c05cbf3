//! Requests to other servers, whose addresses somebody else may have chosen: no private network is reached, no redirect is followed,
//! and no answer is larger than it may be.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode};
use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, Url};

/// Until a connection is made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Until an answer is there, body included.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Bytes of an answer.
pub const ANSWER_BYTES_MAX: usize = 16 << 20;

/// Finds the addresses of a name.
type Lookup =
    Arc<dyn Fn(String) -> BoxFuture<'static, std::io::Result<Vec<SocketAddr>>> + Send + Sync>;

/// How other servers are asked.
pub struct Outgoing {
    allow_private: bool,
    lookup: Lookup,
    client: OnceLock<Client>,
}

/// Who asks.
pub enum Credential<'a> {
    Bearer(&'a str),
    Basic { user: &'a str, password: &'a str },
}

/// What another server answered.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// Why there is no answer. It names no credential: these travel in a header.
#[derive(Debug, thiserror::Error)]
pub enum OutgoingError {
    /// Asking again is of no use.
    #[error("{0}")]
    Refused(String),
    /// Asking again may help.
    #[error("{0}")]
    Failed(String),
}

impl Outgoing {
    /// `allow_private`: also servers of the private network, and without TLS.
    #[must_use]
    pub fn new(allow_private: bool) -> Self {
        Self::with_lookup(allow_private, Arc::new(|name| Box::pin(of_system(name))))
    }

    fn with_lookup(allow_private: bool, lookup: Lookup) -> Self {
        Self {
            allow_private,
            lookup,
            client: OnceLock::new(),
        }
    }

    /// The address of a server, when it may be asked.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub fn check(&self, address: &str) -> Result<Url, String> {
        let url = Url::parse(address).map_err(|_| "must be the address of a server")?;
        let is_allowed = match url.scheme() {
            "https" => true,
            "http" => self.allow_private,
            _ => false,
        };
        if !is_allowed {
            return Err("must begin with https://".into());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not hold a user or a password".into());
        }
        let literal = match url.host() {
            Some(url::Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
            Some(url::Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
            Some(url::Host::Domain(_)) => None,
            None => return Err("names no server".into()),
        };
        if literal.is_some_and(|ip| !self.allow_private && !is_public(ip)) {
            return Err("is an address of a private network".into());
        }
        Ok(url)
    }

    /// Asks for JSON.
    ///
    /// # Errors
    /// When there is no answer, whatever its status.
    pub async fn get(
        &self,
        url: Url,
        credential: &Credential<'_>,
    ) -> Result<Answer, OutgoingError> {
        let url = self.check(url.as_str()).map_err(OutgoingError::Refused)?;
        let client = self.client()?;
        let request = client
            .get(url)
            .header("accept", "application/json")
            .timeout(TIMEOUT);
        let request = match credential {
            Credential::Bearer(token) => request.bearer_auth(token),
            Credential::Basic { user, password } => request.basic_auth(user, Some(password)),
        };
        let mut response = request.send().await.map_err(|error| failed(&error))?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| failed(&error))? {
            if body.len() + chunk.len() > ANSWER_BYTES_MAX {
                let message = format!("the answer is larger than {ANSWER_BYTES_MAX} bytes");
                return Err(OutgoingError::Refused(message));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer {
            status: response.status(),
            headers: std::mem::take(response.headers_mut()),
            body,
        })
    }

    /// Sends a body; of the answer at most `answer_bytes_max` are read.
    ///
    /// # Errors
    /// When there is no answer, whatever its status.
    pub async fn post(
        &self,
        url: Url,
        headers: HeaderMap,
        body: String,
        timeout: Duration,
        answer_bytes_max: usize,
    ) -> Result<Answer, OutgoingError> {
        let url = self.check(url.as_str()).map_err(OutgoingError::Refused)?;
        let request = self.client()?.post(url).headers(headers).body(body);
        let sent = request.timeout(timeout).send().await;
        let mut response = sent.map_err(|error| failed(&error))?;
        let mut begin = Vec::new();
        while begin.len() < answer_bytes_max
            && let Some(chunk) = response.chunk().await.map_err(|error| failed(&error))?
        {
            let room = (answer_bytes_max - begin.len()).min(chunk.len());
            begin.extend_from_slice(&chunk[..room]);
        }
        Ok(Answer {
            status: response.status(),
            headers: std::mem::take(response.headers_mut()),
            body: begin,
        })
    }

    /// Made when it is first needed: reading the certificates of the system takes a while.
    fn client(&self) -> Result<&Client, OutgoingError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let resolver = Arc::new(Resolver {
            allow_private: self.allow_private,
            lookup: Arc::clone(&self.lookup),
        });
        let client = Client::builder()
            .dns_resolver(resolver)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .user_agent(concat!("hark/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| OutgoingError::Failed(error.to_string()))?;
        Ok(self.client.get_or_init(|| client))
    }
}

/// The innermost cause says most; the address is left out.
fn failed(error: &reqwest::Error) -> OutgoingError {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    if cause.downcast_ref::<PrivateAddress>().is_some() {
        return OutgoingError::Refused(cause.to_string());
    }
    OutgoingError::Failed(format!("the server cannot be reached: {cause}"))
}

/// What the system says the addresses of a name are. The port is that of the request.
async fn of_system(name: String) -> std::io::Result<Vec<SocketAddr>> {
    Ok(tokio::net::lookup_host((name.as_str(), 0)).await?.collect())
}

/// The name of a server leads to a private network, alone or among others.
#[derive(Debug, thiserror::Error)]
#[error("the name of the server leads to a private network")]
struct PrivateAddress;

/// Finds the addresses of a name, once for each connection, which goes to one of them: so a name cannot lead elsewhere between the
/// look and the connection. One that leads to a private network beside others is refused too: no honest name does.
struct Resolver {
    allow_private: bool,
    lookup: Lookup,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (allow_private, found) = (self.allow_private, (self.lookup)(name.as_str().to_owned()));
        Box::pin(async move {
            let found = found.await?;
            if !allow_private && found.iter().any(|address| !is_public(address.ip())) {
                return Err(PrivateAddress.into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Whether an address is one of the public internet.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let is_reserved = match (a, b) {
        (0 | 10 | 127 | 224..=255, _) => true,
        (100, 64..=127) => true, // carrier-grade NAT
        (192, 0) => matches!(c, 0 | 2),
        (192, 88) => c == 99,
        (198, 18 | 19) => true, // benchmarks
        (198, 51) => c == 100,
        (203, 0) => c == 113,
        _ => false,
    };
    !(is_reserved || ip.is_private() || ip.is_link_local())
}

/// Global unicast is 2000::/3. Of it, what is reserved, and what carries an address of the fourth version that is.
fn is_public_v6(ip: Ipv6Addr) -> bool {
    if let Some(mapped) = ip.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    let segments = ip.segments();
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match (segments[0], segments[1]) {
        (0x0064, 0xff9b) => embedded(segments[6], segments[7]), // NAT64
        (0x2002, _) => embedded(segments[1], segments[2]),      // 6to4
        (0x2001, 0x0000..=0x01ff | 0x0db8) | (0x3fff, _) => false,
        (first, _) => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::sync::atomic::Ordering::SeqCst;

    use super::*;

    #[test]
    fn private_networks_are_known() {
        for private in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.168.1.1",
            "198.18.0.1",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "::ffff:127.0.0.1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "ff02::1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "2001::1",
            "::7f00:1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in [
            "1.1.1.1",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "::ffff:1.1.1.1",
            "64:ff9b::101:101",
            "2002:101:101::",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn addresses_are_checked() {
        let strict = Outgoing::new(false);
        for bad in [
            "",
            "api.example.com",
            "http://api.example.com",
            "ftp://api.example.com",
            "https://127.0.0.1",
            "https://[::1]:8080/x",
            "https://0x7f.1/",
            "https://2130706433/",
            "https://user:secret@api.example.com",
            "file:///etc/passwd",
            "https://169.254.169.254/latest",
        ] {
            assert!(strict.check(bad).is_err(), "{bad}");
        }
        for good in ["https://api.example.com", "https://api.example.com:8443/v1"] {
            assert!(strict.check(good).is_ok(), "{good}");
        }
        let lenient = Outgoing::new(true);
        assert!(lenient.check("http://127.0.0.1:9").is_ok());
        assert!(lenient.check("ftp://127.0.0.1").is_err());
    }

    /// An address of the public internet that nobody has (2d00::/8 is not allocated): what goes there arrives nowhere.
    const NOWHERE: &str = "[2d00::1]:0";

    /// Answers that a name gives one after another, the last one from then on; and how often it was asked.
    fn answering(answers: Vec<Vec<&'static str>>) -> (Lookup, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let lookup: Lookup = Arc::new(move |name| {
            assert_eq!(name, "hooks.example.com");
            let number = count.fetch_add(1, SeqCst).min(answers.len() - 1);
            let now = answers[number]
                .iter()
                .map(|address| address.parse().unwrap())
                .collect();
            Box::pin(std::future::ready(Ok(now)))
        });
        (lookup, asked)
    }

    /// A server of this machine, which counts who comes.
    async fn inside() -> (u16, Arc<AtomicUsize>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, came) = (
            listener.local_addr().unwrap().port(),
            Arc::new(AtomicUsize::new(0)),
        );
        let count = Arc::clone(&came);
        tokio::spawn(async move {
            while listener.accept().await.is_ok() {
                count.fetch_add(1, SeqCst);
            }
        });
        (port, came)
    }

    /// Posts to the name, whose addresses `outgoing` finds; gives why that failed.
    async fn post(outgoing: &Outgoing, port: u16) -> OutgoingError {
        let url = format!("https://hooks.example.com:{port}/");
        let url = outgoing.check(&url).unwrap();
        let timeout = Duration::from_millis(500);
        let sent = outgoing.post(url, HeaderMap::new(), "{}".into(), timeout, 1024);
        match sent.await {
            Ok(answer) => panic!("answered {}", answer.status),
            Err(error) => error,
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_by_the_time_of_the_connection_is_refused() {
        let (port, came) = inside().await;
        let (lookup, asked) = answering(vec![vec![NOWHERE], vec!["127.0.0.1:0"]]);
        let strict = Outgoing::with_lookup(false, lookup);
        let error = post(&strict, port).await;
        assert!(matches!(error, OutgoingError::Failed(_)), "{error}");
        assert_eq!(
            asked.load(SeqCst),
            1,
            "what was looked at is what is connected to"
        );
        let error = post(&strict, port).await;
        assert!(matches!(error, OutgoingError::Refused(_)), "{error}");
        assert_eq!(
            asked.load(SeqCst),
            2,
            "what was found before is not believed"
        );
        assert_eq!(came.load(SeqCst), 0);

        // The same name would lead there.
        let (lookup, _) = answering(vec![vec!["127.0.0.1:0"]]);
        let error = post(&Outgoing::with_lookup(true, lookup), port).await;
        assert!(matches!(error, OutgoingError::Failed(_)), "{error}");
        assert_eq!(came.load(SeqCst), 1);
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_among_others_is_refused() {
        let (port, came) = inside().await;
        for mixed in [
            vec![NOWHERE, "127.0.0.1:0"],
            vec!["127.0.0.1:0", NOWHERE],
            vec![NOWHERE, "[::ffff:127.0.0.1]:0"],
        ] {
            let (lookup, _) = answering(vec![mixed]);
            let error = post(&Outgoing::with_lookup(false, lookup), port).await;
            assert!(matches!(error, OutgoingError::Refused(_)), "{error}");
            assert!(error.to_string().contains("private network"), "{error}");
        }
        assert_eq!(came.load(SeqCst), 0);
    }

    #[tokio::test]
    async fn a_name_of_this_machine_is_not_reached() {
        let credential = Credential::Bearer("secret");
        let url = Url::parse("https://localhost:1/").unwrap();
        let answer = Outgoing::new(false).get(url.clone(), &credential).await;
        let Err(error) = answer else {
            panic!("answered")
        };
        assert!(matches!(error, OutgoingError::Refused(_)), "{error}");
        let Err(error) = Outgoing::new(true).get(url, &credential).await else {
            panic!("answered")
        };
        assert!(matches!(error, OutgoingError::Failed(_)), "{error}");
        assert!(!error.to_string().contains("secret"));
    }
}
