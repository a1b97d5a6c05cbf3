//! Where an address is: a database file in the MaxMind format.

use std::net::IpAddr;
use std::path::Path;

use anyhow::{Context, Result};
use maxminddb::{Reader, geoip2};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

/// The location database, when one is configured.
#[derive(Debug, Default)]
pub struct GeoIp(Option<Reader<Vec<u8>>>);

/// Where an address is, as the API shows it (decisions, Shapes).
#[derive(Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Location<'d> {
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country_code: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latitude: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    longitude: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timezone: Option<&'d str>,
}

impl GeoIp {
    /// Reads the database into memory. Without a file nothing has a location.
    ///
    /// # Errors
    /// When the file cannot be read, or holds something else.
    pub fn open(file: Option<&Path>) -> Result<Self> {
        let Some(file) = file else {
            return Ok(Self::default());
        };
        let reader = Reader::open_readfile(file).with_context(|| {
            format!(
                "cannot use {} as location database: name a file in the MaxMind format (.mmdb) with --geoip, or leave it out",
                file.display()
            )
        })?;
        let kind = &reader.metadata.database_type;
        anyhow::ensure!(
            kind.contains("City") || kind.contains("Country") || kind.contains("Enterprise"),
            "{} is of the type {kind}, which has no locations: name a database of cities or countries with --geoip",
            file.display()
        );
        Ok(Self(Some(reader)))
    }

    /// Where an address is, as JSON: `country`, `countryCode`, `region`, `city`, `latitude`, `longitude` and `timezone`, of
    /// which those are absent that the database does not know. `None` when it knows none, and for private addresses.
    #[must_use]
    pub fn locate(&self, address: IpAddr) -> Option<Box<RawValue>> {
        let reader = self
            .0
            .as_ref()
            .filter(|_| is_public(address.to_canonical()))?;
        let found = reader.lookup(address.to_canonical()).ok()?;
        let record: geoip2::City<'_> = found.decode().ok()??;
        let location = Location::from(&record);
        (location != Location::default())
            .then(|| to_raw_value(&location).ok())
            .flatten()
    }
}

impl<'d> From<&geoip2::City<'d>> for Location<'d> {
    fn from(record: &geoip2::City<'d>) -> Self {
        Self {
            country: record.country.names.english,
            country_code: record.country.iso_code,
            region: record
                .subdivisions
                .first()
                .and_then(|region| region.names.english),
            city: record.city.names.english,
            latitude: record.location.latitude,
            longitude: record.location.longitude,
            timezone: record.location.time_zone,
        }
    }
}

/// Whether an address can be anywhere in the world. Databases know some that cannot.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            !(v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_unspecified())
        }
        IpAddr::V6(v6) => {
            !(v6.is_unique_local()
                || v6.is_loopback()
                || v6.is_unicast_link_local()
                || v6.is_unspecified())
        }
    }
}

#[cfg(test)]
mod tests;
