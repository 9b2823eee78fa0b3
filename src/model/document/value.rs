//! The values that documents are made of, as they are written: not yet judged.
//!
//! They borrow from the document where they can. Each is read by a visitor of its own, so that a
//! value of the wrong type names what is expected in plain words. Ranges are part of the type
//! (`Count<1, 1000>`), because the check of a value and the published schema must agree.
//!
//! The trap: serde reads a struct from an array and an `Option` from `null`; [`Object`] and
//! [`Given`] do not.

use core::fmt;
use core::marker::PhantomData;
use std::borrow::Cow;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::error::Error;

/// A value that can be judged: what it means, or an error at `key`.
pub(super) trait Value {
    /// What the value means.
    type Meaning;

    /// Judges the value; `key` is its JSON pointer.
    fn read(&self, key: &str) -> Result<Self::Meaning, Error>;
}

/// A key that may be absent. Unlike an `Option` it refuses `null`.
#[derive(Clone, Debug)]
pub(super) struct Given<T>(pub Option<T>);

impl<T> Default for Given<T> {
    fn default() -> Self {
        Given(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Given<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(|value| Given(Some(value)))
    }
}

impl<T: Value> Given<T> {
    /// What the value means, if it is there.
    #[inline]
    pub fn read(&self, key: &str) -> Result<Option<T::Meaning>, Error> {
        match &self.0 {
            None => Ok(None),
            Some(value) => value.read(key).map(Some),
        }
    }
}

/// A struct that is written as an object, never as an array.
#[derive(Clone, Debug)]
pub(super) struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Reader<T> {
            type Value = Object<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }
        deserializer.deserialize_map(Reader(PhantomData))
    }
}

/// An array of at most `MAX` values.
#[derive(Clone, Debug)]
pub(super) struct List<T, const MAX: usize>(pub Vec<T>);

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for List<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<T, const MAX: usize>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for Reader<T, MAX> {
            type Value = List<T, MAX>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "an array of at most {MAX} values")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                // Most lists of documents hold one value.
                let mut values = Vec::new();
                while let Some(value) = seq.next_element()? {
                    if values.len() == MAX {
                        return Err(A::Error::invalid_length(MAX + 1, &self));
                    }
                    if values.is_empty() {
                        values.reserve_exact(1);
                    }
                    values.push(value);
                }
                Ok(List(values))
            }
        }
        deserializer.deserialize_seq(Reader(PhantomData))
    }
}

/// A text.
#[derive(Clone, Debug)]
pub(super) struct Text<'a>(pub Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    #[inline]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Reader)
    }
}

/// A number as it is written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
    /// 0 or a positive whole number.
    Whole(u64),
    /// Any other.
    Real(f64),
}

impl Number {
    /// The number; those above 2^53 lose their last digits.
    pub fn real(self) -> f64 {
        match self {
            Number::Whole(number) => number as f64,
            Number::Real(number) => number,
        }
    }

    /// The number, if it is whole and not negative. `3.0` is whole, as in a schema.
    pub fn whole(self) -> Option<u64> {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        match self {
            Number::Whole(number) => Some(number),
            Number::Real(number) => {
                (number.fract() == 0.0 && (0.0..=EXACT).contains(&number)).then_some(number as u64)
            }
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Number::Whole(number) => number.fmt(f),
            Number::Real(number) if number.abs() >= 1e16 => write!(f, "{number:e}"),
            Number::Real(number) => number.fmt(f),
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    #[inline]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Number;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }
            fn visit_u64<E>(self, number: u64) -> Result<Number, E> {
                Ok(Number::Whole(number))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Number, E> {
                Ok(Number::Real(number as f64))
            }
            fn visit_f64<E>(self, number: f64) -> Result<Number, E> {
                Ok(Number::Real(number))
            }
        }
        deserializer.deserialize_u64(Reader)
    }
}

/// A whole number from `MIN` to `MAX`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Count<const MIN: u64, const MAX: u64>(Number);

impl<'de, const MIN: u64, const MAX: u64> Deserialize<'de> for Count<MIN, MAX> {
    #[inline]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Number::deserialize(deserializer).map(Count)
    }
}

impl<const MIN: u64, const MAX: u64> Value for Count<MIN, MAX> {
    type Meaning = u64;

    fn read(&self, key: &str) -> Result<u64, Error> {
        match self.0.whole() {
            Some(number) if (MIN..=MAX).contains(&number) => Ok(number),
            _ => Err(Error::range(key, self.0, format!("whole numbers from {MIN} to {MAX}"))),
        }
    }
}

/// A share of the whole: from 0, or above it, to `MAX_PPM` millionths.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share<const ABOVE_0: bool, const MAX_PPM: u32>(Number);

impl<'de, const ABOVE_0: bool, const MAX_PPM: u32> Deserialize<'de> for Share<ABOVE_0, MAX_PPM> {
    #[inline]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Number::deserialize(deserializer).map(Share)
    }
}

impl<const ABOVE_0: bool, const MAX_PPM: u32> Share<ABOVE_0, MAX_PPM> {
    /// The largest share.
    pub const MAX: f64 = MAX_PPM as f64 / 1e6;
}

impl<const ABOVE_0: bool, const MAX_PPM: u32> Value for Share<ABOVE_0, MAX_PPM> {
    type Meaning = f64;

    fn read(&self, key: &str) -> Result<f64, Error> {
        let share = self.0.real();
        if (0.0..=Self::MAX).contains(&share) && !(ABOVE_0 && share == 0.0) {
            return Ok(share);
        }
        let (from, to) = (if ABOVE_0 { "above 0" } else { "0" }, Self::MAX);
        Err(Error::range(key, self.0, format!("shares of the whole from {from} to {to}")))
    }
}
