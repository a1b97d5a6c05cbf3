//! Which of the ways in which a file was compressed a client reads.

/// A way in which files were compressed when the dashboard was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Smaller; browsers read it where the connection is secure.
    Brotli,
    /// Read everywhere.
    Gzip,
}

impl Encoding {
    /// The name in headers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    /// The name of a file that was compressed this way.
    #[must_use]
    pub fn file_of(self, name: &str) -> String {
        match self {
            Self::Brotli => format!("{name}.br"),
            Self::Gzip => format!("{name}.gz"),
        }
    }

    /// Those that a client reads, the smallest first. `header` is its `Accept-Encoding`.
    pub fn accepted(header: &str) -> impl Iterator<Item = Self> {
        let reads = move |encoding: &Self| {
            header.split(',').any(|part| {
                let (name, weight) = part.split_once(';').unwrap_or((part, "q=1"));
                let weight = weight.trim().strip_prefix("q=").unwrap_or("1");
                name.trim().eq_ignore_ascii_case(encoding.name())
                    && weight.parse::<f32>().is_ok_and(|weight| weight > 0.0)
            })
        };
        [Self::Brotli, Self::Gzip].into_iter().filter(reads)
    }
}

#[cfg(test)]
mod tests {
    use super::Encoding::{self, Brotli, Gzip};

    #[test]
    fn what_is_refused_is_not_sent() {
        for (header, expected) in [
            ("gzip, deflate, br, zstd", vec![Brotli, Gzip]),
            ("GZIP", vec![Gzip]),
            ("br;q=0, gzip;q=0.5", vec![Gzip]),
            ("brotli, identity", vec![]),
            ("", vec![]),
        ] {
            let accepted: Vec<_> = Encoding::accepted(header).collect();
            assert_eq!(accepted, expected, "{header}");
        }
    }
}
