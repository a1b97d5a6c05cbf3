//! Identity keys: whom they find.

use super::Tx;
use crate::{Error, Kind, ObjectId, Result, Value};

impl Tx<'_> {
    /// Makes an identity key find `owner`. A no-op when it does already; [`Error::Taken`] when it finds another.
    pub fn claim(&mut self, kind: Kind, key: &str, owner: ObjectId) -> Result<()> {
        let sql = "INSERT INTO identity (project, kind, key, owner) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
        let binds = [
            self.project.into(),
            Value::Int(kind.0.into()),
            key.into(),
            owner.into(),
        ];
        if self.snapshot.conn.execute(sql, &binds)? == 1 {
            self.identity_changed(kind, key);
            return Ok(());
        }
        match self.owner(kind, key)? {
            Some(holder) if holder == owner => Ok(()),
            Some(holder) => Err(Error::Taken {
                kind,
                key: key.to_owned(),
                holder,
            }),
            None => Err(self.snapshot.conn.raced()),
        }
    }

    /// Makes an identity key find nobody, if it finds `owner`.
    pub fn release(&mut self, kind: Kind, key: &str, owner: ObjectId) -> Result<()> {
        let sql =
            "DELETE FROM identity WHERE project = $1 AND kind = $2 AND key = $3 AND owner = $4";
        let binds = vec![
            self.project.into(),
            Value::Int(kind.0.into()),
            key.into(),
            owner.into(),
        ];
        self.snapshot.conn.later(sql, binds)?;
        self.identity_changed(kind, key);
        Ok(())
    }
}
