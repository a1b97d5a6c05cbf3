//! Connections: those of pools are made on the runtime of the engine; with TLS when the URL or the server asks for it.

use std::sync::Arc;

use deadpool_postgres::{
    ClientWrapper, Connect, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime, Timeouts,
};
use futures_util::future::{BoxFuture, FutureExt};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_postgres::Client;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::PostgresConfig;
use super::config::Target;
use crate::{Error, Result};

/// Makes connections to one database.
#[derive(Clone)]
pub(crate) struct Connector {
    pub settings: tokio_postgres::Config,
    pub tls: MakeRustlsConnect,
    runtime: Handle,
}

impl Connector {
    pub fn new(config: &PostgresConfig, runtime: Handle) -> Result<Self> {
        let target = Target::parse(config)?;
        Ok(Self {
            tls: MakeRustlsConnect::new(tls(&target)?),
            settings: target.settings,
            runtime,
        })
    }

    /// The same at another host, such as a node of a cluster.
    pub fn to(&self, host: &str, port: u16) -> Self {
        let (known, mut settings) = (&self.settings, tokio_postgres::Config::new());
        settings
            .host(host)
            .port(port)
            .ssl_mode(known.get_ssl_mode())
            .keepalives_idle(known.get_keepalives_idle());
        if let Some(user) = known.get_user() {
            settings.user(user);
        }
        if let Some(password) = known.get_password() {
            settings.password(password);
        }
        if let Some(database) = known.get_dbname() {
            settings.dbname(database);
        }
        if let Some(options) = known.get_options() {
            settings.options(options);
        }
        if let Some(name) = known.get_application_name() {
            settings.application_name(name);
        }
        if let Some(timeout) = known.get_connect_timeout() {
            settings.connect_timeout(*timeout);
        }
        if let Some(timeout) = known.get_tcp_user_timeout() {
            settings.tcp_user_timeout(*timeout);
        }
        Self {
            settings,
            ..self.clone()
        }
    }

    /// A connection that is served on the runtime of the caller.
    pub async fn connect_here(&self) -> Result<ClientWrapper> {
        let (client, connection) = self.settings.connect(self.tls.clone()).await?;
        Ok(ClientWrapper::new(client, tokio::spawn(serve(connection))))
    }

    /// A pool of at most `size` connections.
    pub fn pool(&self, size: usize, config: &PostgresConfig) -> Result<Pool> {
        let recycling = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        let manager = Manager::from_connect(self.settings.clone(), self.clone(), recycling);
        let wait = Some(config.connect_timeout);
        let pool = Pool::builder(manager)
            .max_size(size)
            .runtime(Runtime::Tokio1)
            .timeouts(Timeouts {
                wait,
                create: wait,
                recycle: wait,
            });
        pool.build()
            .map_err(|error| Error::Refused(format!("no pool of PostgreSQL connections: {error}")))
    }
}

impl Connect for Connector {
    /// On the runtime of the engine: whoever asks first may be gone before the connection is.
    fn connect(
        &self,
        settings: &tokio_postgres::Config,
    ) -> BoxFuture<'_, Result<(Client, JoinHandle<()>), tokio_postgres::Error>> {
        let (settings, tls, runtime) = (settings.clone(), self.tls.clone(), self.runtime.clone());
        let made = self.runtime.spawn(async move {
            let (client, connection) = settings.connect(tls).await?;
            Ok((client, runtime.spawn(serve(connection))))
        });
        async move {
            match made.await {
                Ok(made) => made,
                // The runtime stops: nobody is left who would look at the answer.
                Err(_) => std::future::pending().await,
            }
        }
        .boxed()
    }
}

/// Until the connection ends.
async fn serve(connection: impl Future<Output = Result<(), tokio_postgres::Error>>) {
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a connection to PostgreSQL ended");
    }
}

fn tls(target: &Target) -> Result<ClientConfig> {
    let provider = Arc::new(ring::default_provider());
    let refused = |error| Error::Refused(format!("TLS cannot be used: {error}"));
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(refused)?;
    Ok(if target.verified {
        builder
            .with_root_certificates(authorities(target)?)
            .with_no_client_auth()
    } else {
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Unverified(provider)))
            .with_no_client_auth()
    })
}

fn authorities(target: &Target) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    match &target.authorities {
        Some(file) => {
            let fault = |error: &dyn std::fmt::Display| {
                Error::Refused(format!("sslrootcert {}: {error}", file.display()))
            };
            for certificate in CertificateDer::pem_file_iter(file).map_err(|error| fault(&error))? {
                let certificate = certificate.map_err(|error| fault(&error))?;
                roots.add(certificate).map_err(|error| fault(&error))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    if roots.is_empty() {
        return Err(Error::Refused(
            "no certificate authority to verify the database with: name a file with sslrootcert"
                .into(),
        ));
    }
    Ok(roots)
}

/// `sslmode=prefer` and `require` ask for encryption alone, as the programs of PostgreSQL do.
#[derive(Debug)]
struct Unverified(Arc<CryptoProvider>);

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
