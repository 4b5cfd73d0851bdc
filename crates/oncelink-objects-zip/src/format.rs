//! The archive's records, byte by byte, after PKWARE's APPNOTE.TXT 6.3.10 (the section numbers are its).
//!
//! Only what is needed: entries stored as they are, names in UTF-8, sizes and checksums in front of the data, zip64 where a
//! number doesn't fit. Must not know where anything lies on disk.

/// A number that doesn't fit its field and stands in the zip64 extra field instead (4.4.1.4).
const ELSEWHERE_32: u32 = u32::MAX;
const ELSEWHERE_16: u16 = u16::MAX;
/// "Names are UTF-8" (4.4.4, bit 11).
const UTF8: u16 = 1 << 11;
/// "Made on Unix, by the rules of version 4.5" (4.4.2).
const MADE_BY: u16 = (3 << 8) | 45;
/// What an unpacker must know: directories, zip64 (4.4.3).
const PLAIN: u16 = 20;
const ZIP64: u16 = 45;
/// Seconds since 1970 of 1980-01-01, where the time of MS-DOS begins, and of the last even second of 2107.
const DOS_BEGIN: i64 = 315_532_800;
const DOS_END: i64 = 4_354_819_198;

/// What the records say of a file or directory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'a> {
    /// The name; a directory's ends with a slash.
    pub(crate) name: &'a str,
    /// Size in bytes.
    pub(crate) size: u64,
    /// CRC-32 of the content.
    pub(crate) crc: u32,
    /// When it was changed, in seconds since 1970.
    pub(crate) modified: i64,
    /// Its permissions.
    pub(crate) mode: u32,
}

/// How the archive ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Directory {
    /// How many entries there are.
    pub(crate) entries: u64,
    /// Where the central directory begins.
    pub(crate) begin: u64,
    /// Where it ends.
    pub(crate) end: u64,
}

impl Facts<'_> {
    /// The length of [`Facts::local`].
    pub(crate) fn local_len(&self) -> u64 {
        30 + self.name.len() as u64 + self.local_extra().len() as u64
    }

    /// The local file header (4.3.7), which stands in front of the content.
    pub(crate) fn local(&self) -> Vec<u8> {
        let extra = self.local_extra();
        let size = fitting_32(self.size);
        let mut record = Record::new(0x0403_4b50);
        record.u16(if size == ELSEWHERE_32 { ZIP64 } else { PLAIN }).u16(UTF8).u16(0);
        record.u32(dos_time(self.modified)).u32(self.crc).u32(size).u32(size);
        record.u16(short(self.name.len())).u16(short(extra.len())).bytes(self.name.as_bytes()).bytes(&extra);
        record.0
    }

    /// The length of [`Facts::central`].
    pub(crate) fn central_len(&self, offset: u64) -> u64 {
        46 + self.name.len() as u64 + self.central_extra(offset).len() as u64
    }

    /// The entry of the central directory (4.3.12); `offset` is where the local header stands.
    pub(crate) fn central(&self, offset: u64) -> Vec<u8> {
        let extra = self.central_extra(offset);
        let (size, at) = (fitting_32(self.size), fitting_32(offset));
        let is_large = size == ELSEWHERE_32 || at == ELSEWHERE_32;
        let mut record = Record::new(0x0201_4b50);
        record.u16(MADE_BY).u16(if is_large { ZIP64 } else { PLAIN }).u16(UTF8).u16(0);
        record.u32(dos_time(self.modified)).u32(self.crc).u32(size).u32(size);
        record.u16(short(self.name.len())).u16(short(extra.len())).u16(0).u16(0).u16(0);
        record.u32(self.attributes()).u32(at).bytes(self.name.as_bytes()).bytes(&extra);
        record.0
    }

    fn local_extra(&self) -> Vec<u8> {
        let mut extra = Record(Vec::new());
        if fitting_32(self.size) == ELSEWHERE_32 {
            // Both sizes, also where one would do: 4.5.3 wants it so in local headers.
            extra.u16(0x0001).u16(16).u64(self.size).u64(self.size);
        }
        self.timestamp(&mut extra);
        extra.0
    }

    fn central_extra(&self, offset: u64) -> Vec<u8> {
        let mut large = Record(Vec::new());
        if fitting_32(self.size) == ELSEWHERE_32 {
            large.u64(self.size).u64(self.size);
        }
        if fitting_32(offset) == ELSEWHERE_32 {
            large.u64(offset);
        }
        let mut extra = Record(Vec::new());
        if !large.0.is_empty() {
            extra.u16(0x0001).u16(short(large.0.len())).bytes(&large.0);
        }
        self.timestamp(&mut extra);
        extra.0
    }

    /// Info-ZIP's extended timestamp: the time in UTC and to the second, which MS-DOS's isn't.
    fn timestamp(&self, extra: &mut Record) {
        if let Ok(seconds) = i32::try_from(self.modified) {
            extra.u16(0x5455).u16(5).bytes(&[1]).u32(seconds.cast_unsigned());
        }
    }

    /// Unix's type and permissions in the upper half, MS-DOS's "directory" in the lower (4.4.15).
    fn attributes(&self) -> u32 {
        let (kind, dos) = if self.name.ends_with('/') { (0o040_000, 0x10) } else { (0o100_000, 0) };
        ((kind | (self.mode & 0o777)) << 16) | dos
    }
}

impl Directory {
    /// The length of [`Directory::ending`].
    pub(crate) fn ending_len(&self) -> u64 {
        self.ending().len() as u64
    }

    /// What stands behind the central directory: its end (4.3.16), with zip64's in front where numbers don't fit (4.3.14,
    /// 4.3.15).
    pub(crate) fn ending(&self) -> Vec<u8> {
        let size = self.end - self.begin;
        let entries = u16::try_from(self.entries).unwrap_or(ELSEWHERE_16);
        let mut ending = Record(Vec::new());
        if entries == ELSEWHERE_16 || fitting_32(size) == ELSEWHERE_32 || fitting_32(self.begin) == ELSEWHERE_32 {
            ending.u32(0x0606_4b50).u64(44).u16(MADE_BY).u16(ZIP64).u32(0).u32(0);
            ending.u64(self.entries).u64(self.entries).u64(size).u64(self.begin);
            ending.u32(0x0706_4b50).u32(0).u64(self.end).u32(1);
        }
        ending.u32(0x0605_4b50).u16(0).u16(0).u16(entries).u16(entries);
        ending.u32(fitting_32(size)).u32(fitting_32(self.begin)).u16(0);
        ending.0
    }
}

/// A record that grows, in little endian.
struct Record(Vec<u8>);

impl Record {
    fn new(signature: u32) -> Self {
        Self(signature.to_le_bytes().to_vec())
    }

    fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    fn u16(&mut self, value: u16) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    fn u32(&mut self, value: u32) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    fn u64(&mut self, value: u64) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }
}

fn fitting_32(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(ELSEWHERE_32)
}

/// Lengths of names and extra fields: the survey has bounded them.
fn short(len: usize) -> u16 {
    u16::try_from(len).unwrap_or(ELSEWHERE_16)
}

/// Date and time of MS-DOS (4.4.6), in UTC so that the same files make the same archive everywhere.
fn dos_time(seconds: i64) -> u32 {
    let seconds = u64::try_from(seconds.clamp(DOS_BEGIN, DOS_END)).unwrap_or_default();
    let (day, time) = (seconds / 86_400, seconds % 86_400);
    let (year, month, date) = civil(day);
    let part = |value: u64, shift: u32| u32::try_from(value).unwrap_or_default() << shift;
    part(year - 1980, 25) | part(month, 21) | part(date, 16) | part(time / 3_600, 11) | part(time / 60 % 60, 5) | part(time % 60 / 2, 0)
}

/// Year, month and day of the `day`-th day after 1970-01-01, by the arithmetic of 400-year cycles that begin in March.
fn civil(day: u64) -> (u64, u64, u64) {
    let shifted = day + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let date = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + u64::from(month <= 2), month, date)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(size: u64) -> Facts<'static> {
        Facts { name: "a/b", size, crc: 7, modified: 1_700_000_000, mode: 0o644 }
    }

    #[test]
    fn days_are_dates() {
        for (day, date) in
            [(0, (1970, 1, 1)), (59, (1970, 3, 1)), (11_016, (2000, 2, 29)), (19_675, (2023, 11, 14)), (50_402, (2107, 12, 31))]
        {
            assert_eq!(civil(day), date, "{day}");
        }
    }

    #[test]
    fn times_are_clamped_to_what_ms_dos_knows() {
        let parts = |time: u32| (1980 + (time >> 25), time >> 21 & 15, time >> 16 & 31, time >> 11 & 31, time >> 5 & 63, (time & 31) * 2);
        assert_eq!(parts(dos_time(1_700_000_001)), (2023, 11, 14, 22, 13, 20));
        assert_eq!(parts(dos_time(i64::MIN)), (1980, 1, 1, 0, 0, 0));
        assert_eq!(parts(dos_time(i64::MAX)), (2107, 12, 31, 23, 59, 58));
    }

    #[test]
    fn records_are_as_long_as_they_say() {
        for size in [0, 1, u64::from(u32::MAX) - 1, u64::from(u32::MAX), 5 << 30] {
            for offset in [0, u64::from(u32::MAX), 9 << 30] {
                let facts = facts(size);
                assert_eq!(facts.local().len() as u64, facts.local_len());
                assert_eq!(facts.central(offset).len() as u64, facts.central_len(offset));
            }
        }
    }

    #[test]
    fn a_number_that_doesnt_fit_stands_in_the_zip64_field() {
        let size = 5_u64 << 30;
        let local = facts(size).local();
        assert_eq!(local[18..26], [0xff; 8], "both sizes");
        assert_eq!(local[33..53], [&[1, 0, 16, 0][..], &size.to_le_bytes(), &size.to_le_bytes()].concat());
        let central = facts(1).central(size);
        assert_eq!(central[42..46], [0xff; 4], "the offset");
        assert_eq!(central[49..61], [&[1, 0, 8, 0][..], &size.to_le_bytes()].concat());
        assert_eq!(facts(1).local()[33..35], [0x55, 0x54], "no zip64 where it isn't needed");
    }

    #[test]
    fn many_entries_and_a_late_directory_need_a_zip64_ending() {
        let plain = Directory { entries: 65_534, begin: 10, end: 20 };
        assert_eq!(plain.ending_len(), 22);
        for large in [
            Directory { entries: 65_535, ..plain },
            Directory { begin: 1 << 33, end: (1 << 33) + 10, ..plain },
            Directory { end: 1 << 33, ..plain },
        ] {
            assert_eq!(large.ending_len(), 56 + 20 + 22, "{large:?}");
            assert_eq!(large.ending()[64..72], large.end.to_le_bytes(), "where zip64's end stands");
        }
    }
}
