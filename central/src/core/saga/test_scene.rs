//! Facts about an order's money, for tests.

use super::account::Account;
use super::fact::{Call, CallId, SagaFact, Said, Source, Wish};
use super::worth::Worth;
use holdfast_shared::time::UtcMs;

pub(crate) fn worth(live: i64, finished: i64) -> Worth {
    Worth { currency: "EUR".parse().unwrap(), live, finished, settled: live == finished }
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    pub(crate) all: Vec<SagaFact>,
    pub(crate) now: i64,
}

impl Facts {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn say(&mut self, call: Call, run: u32, said: Said) -> &mut Self {
        self.now += 1;
        let sequence = u32::try_from(self.all.len()).unwrap() + 1;
        let id = CallId { call, run };
        self.all.push(SagaFact { sequence, id, said, source: Source::Answer, at: UtcMs(self.now) });
        self
    }

    pub(crate) fn asked(
        &mut self,
        call: Call,
        run: u32,
        amount: i64,
        authorization: Option<u32>,
    ) -> &mut Self {
        self.wish(call, run, Wish { amount, authorization, refund: None, last: false })
    }

    pub(crate) fn wish(&mut self, call: Call, run: u32, wish: Wish) -> &mut Self {
        let key = format!("acme:k/{}/-/n{run}", call.as_str()).parse().unwrap();
        self.say(call, run, Said::Asked { attempt: 1, key, wish })
    }

    pub(crate) fn done(&mut self, call: Call, run: u32, amount: i64) -> &mut Self {
        let reference = format!("{}-{run}", call.as_str());
        self.say(call, run, Said::Done { reference, amount, lapses_at: None })
    }

    pub(crate) fn declined(&mut self, call: Call, run: u32) -> &mut Self {
        self.say(call, run, Said::Declined { code: "no_funds".into(), words: "not enough money".into() })
    }

    pub(crate) fn account(&self) -> Account {
        Account::fold(&self.all)
    }
}
