//! Credentials as the values of headers (RFC 7617, RFC 6750).

use crate::model::http::Credentials;

/// The value of the header that carries them.
pub fn value(credentials: &Credentials) -> Box<str> {
    match credentials {
        Credentials::Basic(user, password) => {
            let both = [user.as_bytes(), b":", &password.text].concat();
            format!("Basic {}", base64(&both)).into()
        }
        // It was seen to be ASCII when it was loaded.
        Credentials::Bearer(token) => {
            format!("Bearer {}", String::from_utf8_lossy(&token.text)).into()
        }
    }
}

/// Base64 with padding (RFC 4648, section 4).
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |place: usize| u32::from(group.get(place).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            text.push(match place <= group.len() {
                true => char::from(DIGITS[(bits >> (18 - 6 * place)) as usize & 63]),
                false => '=',
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Secret;

    #[test]
    fn base64_is_that_of_the_standard() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
        assert_eq!(base64(&[0xfb, 0xff, 0xbf]), "+/+/");
    }

    #[test]
    fn a_user_and_a_password_are_one_word() {
        let password = Secret::given("open sesame", "/http/basic/password");
        let basic = Credentials::Basic("Aladdin".into(), password);
        assert_eq!(&*value(&basic), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "RFC 7617, section 2");
        assert!(!format!("{basic:?}").contains("sesame"));
    }
}
