CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE customers (dik TEXT PRIMARY KEY, name TEXT NOT NULL, address TEXT NOT NULL);
CREATE TABLE users (login TEXT PRIMARY KEY, name TEXT NOT NULL, wrong_passwords INTEGER NOT NULL DEFAULT 0);
CREATE TABLE user_diks (
    login TEXT NOT NULL REFERENCES users, dik TEXT NOT NULL REFERENCES customers, PRIMARY KEY (login, dik));
CREATE TABLE passwords (
    login TEXT NOT NULL REFERENCES users, digest TEXT NOT NULL, used INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (login, digest));
CREATE TABLE certificates (
    sha256 TEXT NOT NULL, login TEXT NOT NULL REFERENCES users, subject TEXT NOT NULL, valid_to TEXT NOT NULL,
    revoked INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (sha256, login));
CREATE TABLE challenges (
    id INTEGER PRIMARY KEY, login TEXT NOT NULL REFERENCES users, dik TEXT NOT NULL, text TEXT NOT NULL,
    expires TEXT NOT NULL, used INTEGER NOT NULL DEFAULT 0);
CREATE TABLE logins (
    id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, login TEXT NOT NULL REFERENCES users, dik TEXT NOT NULL,
    expires TEXT NOT NULL, ended INTEGER NOT NULL DEFAULT 0);
CREATE TABLE session_texts (
    id INTEGER PRIMARY KEY, login_id INTEGER NOT NULL REFERENCES logins, text TEXT NOT NULL, asked TEXT NOT NULL,
    expires TEXT NOT NULL, used INTEGER NOT NULL DEFAULT 0);
CREATE TABLE sessions (
    id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, login TEXT NOT NULL REFERENCES users,
    certificate TEXT NOT NULL, created TEXT NOT NULL, end_time TEXT NOT NULL, ended TEXT, ended_by TEXT);
CREATE TABLE session_permissions (
    session_id INTEGER NOT NULL REFERENCES sessions, dik TEXT NOT NULL, operation TEXT NOT NULL,
    PRIMARY KEY (session_id, dik, operation));
CREATE TABLE accounts (
    nrb TEXT PRIMARY KEY, dik TEXT NOT NULL REFERENCES customers, currency TEXT NOT NULL, opening INTEGER NOT NULL,
    closed INTEGER NOT NULL DEFAULT 0, stated_through TEXT NOT NULL DEFAULT '', blocked INTEGER NOT NULL DEFAULT 0,
    vat_account TEXT REFERENCES accounts, charged_through TEXT NOT NULL DEFAULT '',
    turnover INTEGER NOT NULL DEFAULT 0);
CREATE INDEX vat_accounts ON accounts (vat_account);
CREATE TABLE customer_rules (
    dik TEXT PRIMARY KEY REFERENCES customers, people INTEGER NOT NULL DEFAULT 1,
    blocked INTEGER NOT NULL DEFAULT 0);
CREATE TABLE entries (
    id INTEGER PRIMARY KEY, account TEXT NOT NULL REFERENCES accounts, booked TEXT NOT NULL, valued TEXT NOT NULL,
    amount INTEGER NOT NULL, reversal INTEGER NOT NULL, type TEXT NOT NULL, code TEXT NOT NULL,
    code_name TEXT NOT NULL, customer_reference TEXT NOT NULL, bank_reference TEXT NOT NULL,
    information TEXT NOT NULL, tnr TEXT NOT NULL UNIQUE, fields TEXT NOT NULL DEFAULT '[]');
CREATE INDEX entries_of_day ON entries (account, booked, amount);
-- The sum of an account's entries, so that a balance costs the same however many there are.
CREATE TRIGGER entry_booked AFTER INSERT ON entries BEGIN
    UPDATE accounts SET turnover = turnover + NEW.amount WHERE nrb = NEW.account;
END;
CREATE TRIGGER entry_removed AFTER DELETE ON entries BEGIN
    UPDATE accounts SET turnover = turnover - OLD.amount WHERE nrb = OLD.account;
END;
CREATE TABLE tasks (
    id TEXT PRIMARY KEY, operation TEXT NOT NULL, dik TEXT NOT NULL, created TEXT NOT NULL,
    polls_left INTEGER NOT NULL, confirmed TEXT, answer TEXT NOT NULL);
CREATE TABLE order_groups (
    id TEXT PRIMARY KEY, dik TEXT NOT NULL REFERENCES customers, client_id TEXT NOT NULL, message_id TEXT NOT NULL,
    file_name TEXT NOT NULL, login TEXT NOT NULL, created TEXT NOT NULL, awaiting_funds INTEGER NOT NULL,
    editable INTEGER NOT NULL, UNIQUE (dik, client_id), UNIQUE (dik, message_id));
CREATE TABLE orders (
    id INTEGER PRIMARY KEY, group_id TEXT NOT NULL REFERENCES order_groups, dik TEXT NOT NULL,
    instruction_id TEXT NOT NULL, end_to_end_id TEXT NOT NULL, debtor_account TEXT NOT NULL,
    creditor_account TEXT NOT NULL, creditor_name TEXT NOT NULL, creditor_address TEXT NOT NULL,
    amount INTEGER NOT NULL, currency TEXT NOT NULL, title TEXT NOT NULL, execution_date TEXT NOT NULL,
    kind TEXT NOT NULL, split_vat INTEGER NOT NULL DEFAULT 0, vat_taken INTEGER NOT NULL DEFAULT 0, charge_bearer TEXT NOT NULL, instrument TEXT NOT NULL,
    service_level TEXT NOT NULL, priority TEXT NOT NULL, tax TEXT NOT NULL,
    status TEXT NOT NULL, description TEXT NOT NULL DEFAULT '', UNIQUE (dik, instruction_id));
CREATE INDEX orders_of_status ON orders (status, debtor_account);
CREATE INDEX orders_of_group ON orders (group_id);
CREATE TABLE order_history (
    order_id INTEGER NOT NULL REFERENCES orders, at TEXT NOT NULL, status TEXT NOT NULL, description TEXT NOT NULL);
CREATE INDEX history_of_order ON order_history (order_id);
CREATE TABLE order_signatures (
    order_id INTEGER NOT NULL REFERENCES orders, login TEXT NOT NULL REFERENCES users, at TEXT NOT NULL,
    PRIMARY KEY (order_id, login));
CREATE TABLE agenda (id INTEGER PRIMARY KEY, due TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL);
CREATE INDEX agenda_due ON agenda (due);
CREATE INDEX agenda_subject ON agenda (kind, subject);
CREATE TABLE expected (id INTEGER PRIMARY KEY, posting TEXT NOT NULL, outcome TEXT NOT NULL DEFAULT '');
CREATE TABLE counterparties (account TEXT PRIMARY KEY, behaviour TEXT NOT NULL, reason TEXT NOT NULL);
CREATE TABLE demands (
    id INTEGER PRIMARY KEY, operation TEXT NOT NULL, kind TEXT NOT NULL, skip INTEGER NOT NULL,
    count INTEGER, seconds REAL NOT NULL, probability REAL NOT NULL DEFAULT 1, seed TEXT NOT NULL DEFAULT '',
    drawn INTEGER NOT NULL DEFAULT 0);
CREATE TABLE calls (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, operation TEXT NOT NULL, login TEXT, dik TEXT, session_id INTEGER,
    outcome TEXT NOT NULL, fault TEXT);
