//! Names and arguments of everything Enrol uses in the broker.
//!
//! The broker is set up from `queue-config/definitions.json`, never by the programs: these only check that a queue
//! is there. A test compares the two. The queues of recipients alone come and go: the relay makes and removes them.

use serde_json::{Value as Json, json};
use uuid::Uuid;

/// How an exchange routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExchangeKind {
    /// By patterns of the routing key.
    Topic,
    /// By the routing key itself.
    Direct,
    /// To every bound queue.
    Fanout,
}

impl ExchangeKind {
    /// The name used in the protocol.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Topic => "topic",
            Self::Direct => "direct",
            Self::Fanout => "fanout",
        }
    }
}

/// A durable exchange.
#[derive(Debug, Clone, Copy)]
pub struct Exchange {
    /// Name.
    pub name: &'static str,
    /// How it routes.
    pub kind: ExchangeKind,
}

/// A durable quorum queue and what is bound to it.
#[derive(Debug, Clone, Copy)]
pub struct Queue {
    /// Name.
    pub name: &'static str,
    /// Exchange it is bound to.
    pub exchange: &'static str,
    /// Routing key or pattern of that binding.
    pub routing_key: &'static str,
    /// Whether what is rejected or delivered too often goes to [`DEAD_LETTERS`].
    pub dead_letters: bool,
}

/// S3 "object created" records, published by the object store.
pub const OBJECTS: Exchange = Exchange {
    name: "enrol.objects",
    kind: ExchangeKind::Topic,
};
/// Work for the readers.
pub const WORK: Exchange = Exchange {
    name: "enrol.work",
    kind: ExchangeKind::Direct,
};
/// CloudEvents for other systems.
pub const EVENTS: Exchange = Exchange {
    name: "enrol.events",
    kind: ExchangeKind::Topic,
};
/// Events on their way to recipients, each routed by the name of the recipient's queue.
pub const TO_RECIPIENTS: Exchange = Exchange {
    name: "enrol.recipients",
    kind: ExchangeKind::Direct,
};
/// What nobody could make sense of.
pub const DEAD_LETTERS: Exchange = Exchange {
    name: "enrol.dead-letters",
    kind: ExchangeKind::Fanout,
};

/// S3 records waiting for intake. Object stores choose their own routing keys, so it takes all of them.
pub const INTAKE_QUEUE: Queue = Queue {
    name: "enrol.intake",
    exchange: OBJECTS.name,
    routing_key: "#",
    dead_letters: true,
};
/// Documents waiting for a reader.
pub const READ_QUEUE: Queue = Queue {
    name: "enrol.read",
    exchange: WORK.name,
    routing_key: READ_ROUTING_KEY,
    dead_letters: true,
};
/// Events for a recipient that has not set up a queue of its own; it keeps events from being unroutable.
pub const RECIPIENTS_QUEUE: Queue = Queue {
    name: "enrol.events.recipients",
    exchange: EVENTS.name,
    routing_key: "#",
    dead_letters: true,
};
/// Dead letters, kept for a person to look at.
pub const DEAD_LETTER_QUEUE: Queue = Queue {
    name: "enrol.dead-letters",
    exchange: DEAD_LETTERS.name,
    routing_key: "",
    dead_letters: false,
};

/// All exchanges.
pub const EXCHANGES: [Exchange; 5] = [OBJECTS, WORK, EVENTS, TO_RECIPIENTS, DEAD_LETTERS];
/// All queues.
pub const QUEUES: [Queue; 4] = [
    INTAKE_QUEUE,
    READ_QUEUE,
    RECIPIENTS_QUEUE,
    DEAD_LETTER_QUEUE,
];

/// Routing key of messages that ask for a document to be read.
pub const READ_ROUTING_KEY: &str = "read";
/// Routing key under which the in-process S3 server announces a new object.
pub const OBJECT_CREATED_ROUTING_KEY: &str = "ObjectCreated.Put";
/// Deliveries after which the broker gives up on a message. Only a fence: attempts are counted in PostgreSQL.
pub const DELIVERY_LIMIT: u32 = 20;

/// Messages that a recipient's queue holds at most. Then the relay keeps them, and the recipient can ask for them.
pub const RECIPIENT_QUEUE_LIMIT: u32 = 100_000;

/// The queue of a recipient. Its name is also the routing key that leads to it.
pub fn recipient_queue(recipient: Uuid) -> String {
    format!("enrol.recipient.{recipient}")
}

/// The arguments of every recipient's queue.
pub fn recipient_queue_arguments() -> Json {
    json!({
        "x-queue-type": "quorum",
        "x-delivery-limit": DELIVERY_LIMIT,
        "x-dead-letter-exchange": DEAD_LETTERS.name,
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
        "x-max-length": RECIPIENT_QUEUE_LIMIT,
    })
}

impl Queue {
    /// The arguments the queue is declared with. At-least-once dead lettering needs `reject-publish`; without it
    /// the broker silently falls back to at-most-once.
    pub fn arguments(&self) -> Json {
        if self.dead_letters {
            json!({
                "x-queue-type": "quorum",
                "x-delivery-limit": DELIVERY_LIMIT,
                "x-dead-letter-exchange": DEAD_LETTERS.name,
                "x-dead-letter-strategy": "at-least-once",
                "x-overflow": "reject-publish",
            })
        } else {
            json!({ "x-queue-type": "quorum" })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `definitions.json`, as a list of what it declares in the form that the code would declare it.
    #[test]
    fn definitions_and_code_agree() {
        let file: Json =
            serde_json::from_str(include_str!("../../queue-config/definitions.json")).unwrap();
        let exchanges: Vec<Json> = EXCHANGES
            .iter()
            .map(|exchange| {
                json!({
                    "name": exchange.name, "vhost": "/", "type": exchange.kind.as_str(),
                    "durable": true, "auto_delete": false, "internal": false, "arguments": {},
                })
            })
            .collect();
        let queues: Vec<Json> = QUEUES
            .iter()
            .map(|queue| {
                json!({
                    "name": queue.name, "vhost": "/", "durable": true, "auto_delete": false,
                    "arguments": queue.arguments(),
                })
            })
            .collect();
        let bindings: Vec<Json> = QUEUES
            .iter()
            .map(|queue| {
                json!({
                    "source": queue.exchange, "vhost": "/", "destination": queue.name,
                    "destination_type": "queue", "routing_key": queue.routing_key, "arguments": {},
                })
            })
            .collect();
        assert_eq!(
            file,
            json!({
                "vhosts": [{ "name": "/" }],
                "exchanges": exchanges,
                "queues": queues,
                "bindings": bindings,
            })
        );
    }
}
