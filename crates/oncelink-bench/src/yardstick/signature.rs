//! Signatures of S3 requests (AWS Signature Version 4, in the query), enough to put and get an object without an SDK.

use std::fmt::Write;
use std::time::UNIX_EPOCH;

use sha2::{Digest, Sha256};

/// The block size of SHA-256, for HMAC (RFC 2104).
const BLOCK: usize = 64;
const LIFE: u32 = 3600;

/// Who signs.
#[derive(Clone)]
pub struct Signer {
    /// The key's public half.
    pub id: String,
    /// The key's secret half.
    pub secret: String,
    /// The region.
    pub region: String,
    /// The endpoint's host and port.
    pub host: String,
}

impl Signer {
    /// The path and query of a signed request for `path`, which must need no escaping.
    pub fn target(&self, method: &str, path: &str) -> String {
        self.target_at(method, path, &now())
    }

    fn target_at(&self, method: &str, path: &str, stamp: &str) -> String {
        let day = &stamp[..8];
        let scope = format!("{day}/{}/s3/aws4_request", self.region);
        let query = format!(
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={}%2F{}&X-Amz-Date={stamp}&X-Amz-Expires={LIFE}&X-Amz-SignedHeaders=host",
            self.id,
            scope.replace('/', "%2F")
        );
        let request = format!("{method}\n{path}\n{query}\nhost:{}\n\nhost\nUNSIGNED-PAYLOAD", self.host);
        let text = format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}", hex(&Sha256::digest(request)));
        let mut key = hmac(format!("AWS4{}", self.secret).as_bytes(), day.as_bytes());
        for part in [self.region.as_str(), "s3", "aws4_request"] {
            key = hmac(&key, part.as_bytes());
        }
        format!("{path}?{query}&X-Amz-Signature={}", hex(&hmac(&key, text.as_bytes())))
    }
}

fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut block = [0; BLOCK];
    if key.len() > BLOCK {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(text).finalize();
    Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The present, as `20261125T013700Z`.
fn now() -> String {
    let seconds = UNIX_EPOCH.elapsed().map(|since| since.as_secs()).unwrap_or_default();
    let (year, month, day) = date(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

/// Year, month and day of a day since 1970: whole years first, then whole months.
fn date(mut days: u64) -> (u64, u64, u64) {
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let mut year = 1970;
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let lengths = [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 1;
    for length in lengths {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hmac_is_rfc_4231s() {
        // Test case 2.
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(hex(&hmac(b"Jefe", b"what do ya want for nothing?")), expected);
    }

    #[test]
    fn days_are_dates() {
        assert_eq!(date(0), (1970, 1, 1));
        assert_eq!(date(11_016), (2000, 2, 29));
        assert_eq!(date(20_782), (2026, 11, 25));
    }
}
