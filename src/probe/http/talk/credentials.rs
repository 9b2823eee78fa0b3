//! Credentials as the values of headers (RFC 7617, RFC 6750).

use crate::model::http::Credentials;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// The value of the header that carries them.
pub fn value(credentials: &Credentials) -> Box<str> {
    match credentials {
        Credentials::Basic(user, password) => {
            let both = [user.as_bytes(), b":", &password.text].concat();
            format!("Basic {}", BASE64_STANDARD.encode(both)).into()
        }
        // It was seen to be ASCII when it was loaded.
        Credentials::Bearer(token) => {
            format!("Bearer {}", String::from_utf8_lossy(&token.text)).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Secret;

    #[test]
    fn a_user_and_a_password_are_one_word() {
        let password = Secret::given("open sesame", "/http/basic/password");
        let basic = Credentials::Basic("Aladdin".into(), password);
        assert_eq!(&*value(&basic), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "RFC 7617, section 2");
        assert!(!format!("{basic:?}").contains("sesame"));
    }
}
