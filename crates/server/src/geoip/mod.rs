//! Where an address is: a database file in the MaxMind format.

use std::net::IpAddr;

use serde_json::value::RawValue;

/// The location database, when one is configured.
#[derive(Debug, Default)]
pub struct GeoIp {}

impl GeoIp {
    /// Where an address is (decisions, Shapes: location), as JSON.
    #[must_use]
    pub fn locate(&self, _address: IpAddr) -> Option<Box<RawValue>> {
        None
    }
}
