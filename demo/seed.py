"""Fills one database with one firm: companies, accounts, parties, people, open invoices.

Runs in a process of its own (``python -m demo.seed DATABASE FIRM DAY CONFIG``), since Tryton's pool is one a process.
"""

import datetime as dt
import random
import sys
from decimal import Decimal
from typing import Any

from proteus import Model, Wizard
from proteus import config as proteus_config

from demo import firms
from demo.firms import Counterparty, Firm

OPEN_INVOICES = {"out": 28, "in": 12}

# Accounts of the Polish model plan that the demonstration books on: code, name, the kind of account to be like.
_PLAN = (
    ("130", "Rachunek bieżący mBank PLN", "cash"),
    ("131", "Rachunek walutowy mBank EUR", "cash"),
    ("139", "Środki pieniężne w drodze", "cash"),
    ("201", "Rozrachunki z odbiorcami", "receivable"),
    ("202", "Rozrachunki z dostawcami", "payable"),
    ("221", "Rozrachunki z tytułu VAT", "tax"),
    ("245", "Kwoty do wyjaśnienia", "tax"),
    ("402", "Usługi obce", "expense"),
    ("701", "Przychody ze sprzedaży", "revenue"),
    ("755", "Opłaty bankowe", "expense"),
)


def _xml_id(config: Any, name: str) -> int:
    module, identifier = name.split(".")
    return int(Model.get("ir.model.data", config=config).get_id(module, identifier, config.context))


def finish_module_configuration(config: Any) -> None:
    """Mark the wizards of Tryton's modules as done: else the first login stops at them."""
    items = Model.get("ir.module.config_wizard.item", config=config)
    for item in items.find([("state", "=", "open")]):
        item.state = "done"
        item.save()
    users = Model.get("res.user", config=config)
    admin = users(config.user)
    while admin.actions:
        admin.actions.pop()
    admin.language = Model.get("ir.lang", config=config).find([("code", "=", "pl")])[0]
    admin.save()


def create_currencies(config: Any) -> dict[str, Any]:
    """PLN and EUR, with one rate."""
    model = Model.get("currency.currency", config=config)
    made = {}
    for code, name, number, rate in (
        ("PLN", "Złoty polski", "985", "1"),
        ("EUR", "Euro", "978", "0.235"),
    ):
        currency = model(name=name, symbol={"PLN": "zł", "EUR": "€"}[code], code=code, numeric_code=number)
        currency.rates.new(date=dt.date(2020, 1, 1), rate=Decimal(rate))
        currency.save()
        made[code] = currency
    return made


def _poland(config: Any) -> Any:
    countries = Model.get("country.country", config=config)
    found = countries.find([("code", "=", "PL")])
    if found:
        return found[0]
    poland = countries(name="Polska", code="PL", code3="POL", code_numeric="616")
    poland.save()
    return poland


def create_party(config: Any, who: Counterparty | firms.Company) -> Any:
    """A party with its address, NIP and, for a counterparty, its bank account."""
    party = Model.get("party.party", config=config)(name=who.name)
    party.lang = Model.get("ir.lang", config=config).find([("code", "=", "pl")])[0]
    address = party.addresses[0] if party.addresses else party.addresses.new()
    address.street = who.street
    address.postal_code = who.postal_code
    address.city = who.city
    address.country = _poland(config)
    identifier = party.identifiers.new()
    identifier.type = "pl_vat"
    identifier.code = who.nip
    party.save()
    return party


def create_bank_account(config: Any, owner: Any, number: str, currency: Any = None) -> Any:
    """A bank account with one number."""
    account = Model.get("bank.account", config=config)(currency=currency)
    account.owners.append(Model.get("party.party", config=config)(owner.id))
    line = account.numbers.new()
    line.type = "iban"
    line.number = "PL" + number
    account.save()
    return account


def create_chart(config: Any, company: Any) -> dict[str, Any]:
    """Tryton's universal chart, with the accounts of the Polish plan the demonstration needs."""
    chart = Wizard("account.create_chart", config=config)
    chart.execute("account")
    templates = Model.get("account.account.template", config=config)
    chart.form.account_template = templates(_xml_id(config, "account.account_template_root_en"))
    chart.form.company = company
    chart.execute("create_account")
    model = Model.get("account.account", config=config)
    owned = ("company", "=", company.id)
    likes = {
        kind: model.find([owned, (f"type.{kind}", "=", True), ("closed", "!=", True)], limit=1)[0]
        for kind in ("receivable", "payable", "revenue", "expense")
    }
    likes["cash"] = model.find([owned, ("code", "=", "1.1.1")], limit=1)[0]
    likes["tax"] = model.find([owned, ("code", "=", "6.3.6")], limit=1)[0]
    root = model.find([owned, ("parent", "=", None)], limit=1)[0]
    accounts = {}
    for code, name, like in _PLAN:
        account = model(code=code, name=name, company=company, parent=root, type=likes[like].type)
        account.reconcile = like in ("receivable", "payable") or code in ("139", "245")
        account.party_required = like in ("receivable", "payable")
        account.save()
        accounts[code] = account
    chart.form.account_receivable = accounts["201"]
    chart.form.account_payable = accounts["202"]
    if hasattr(chart.form, "category_account_expense"):
        chart.form.category_account_expense = accounts["402"]
        chart.form.category_account_revenue = accounts["701"]
    chart.execute("create_properties")
    return accounts


def create_fiscal_year(config: Any, company: Any, year: int) -> None:
    """A fiscal year with its months and sequences of invoices."""
    types = Model.get("ir.sequence.type", config=config)
    sequences = Model.get("ir.sequence.strict", config=config)

    def sequence(kind: str, name: str, prefix: str = "", padding: int = 0) -> Any:
        made = sequences(name=name, company=company, prefix=prefix, padding=padding)
        made.sequence_type = types(_xml_id(config, kind))
        made.save()
        return made

    fiscal_year = Model.get("account.fiscalyear", config=config)(name=str(year), company=company)
    fiscal_year.start_date = dt.date(year, 1, 1)
    fiscal_year.end_date = dt.date(year, 12, 31)
    fiscal_year.move_sequence = sequence("account.sequence_type_account_move", f"Księgowania {year}")
    sales = sequence("account_invoice.sequence_type_account_invoice", f"Sprzedaż {year}", f"FV/{year}/", 4)
    purchases = sequence("account_invoice.sequence_type_account_invoice", f"Zakup {year}", f"FZ/{year}/", 4)
    row = fiscal_year.invoice_sequences[0]
    row.out_invoice_sequence = row.out_credit_note_sequence = sales
    row.in_invoice_sequence = row.in_credit_note_sequence = purchases
    fiscal_year.save()
    fiscal_year.click("create_period")


def create_tax(config: Any, company: Any, account: Any) -> Any:
    """VAT 23 %."""
    tax = Model.get("account.tax", config=config)(name="VAT 23%", description="VAT 23%", company=company)
    tax.type = "percentage"
    tax.rate = firms.VAT
    tax.invoice_account = account
    tax.credit_note_account = account
    tax.save()
    return tax


def create_invoices(config: Any, firm: Firm, parties: dict[str, list[Any]], books: dict[str, Any]) -> int:
    """Forty open invoices, posted, dated in the eight weeks before ``books['day']``."""
    model = Model.get("account.invoice", config=config)
    draw = random.Random(firm.seed)  # noqa: S311 - made-up amounts, the same each time
    day: dt.date = books["day"]
    made = []
    dates = sorted(
        (max(day - dt.timedelta(days=draw.randrange(3, 56)), dt.date(day.year, 1, 1)), kind)
        for kind, count in OPEN_INVOICES.items()
        for _ in range(count)
    )
    for index, (date, kind) in enumerate(dates):
        invoice = model(type=kind)
        group = parties[kind]
        invoice.party = group[index % len(group)]
        invoice.invoice_date = date
        invoice.payment_term = books["term"]
        if kind == "in":
            invoice.reference = f"FS/{draw.randrange(10, 990)}/{date.month:02d}/{date.year}"
        line = invoice.lines.new()
        line.description = "Towary i usługi" if kind == "out" else "Zakup towarów i usług"
        line.account = books["accounts"]["701" if kind == "out" else "402"]
        line.quantity = 1
        line.unit_price = Decimal(draw.randrange(12_000, 1_450_000)) / 100
        line.taxes.append(Model.get("account.tax", config=config)(books["tax"].id))
        invoice.save()
        made.append(invoice)
    model.click(made, "post")
    return len(made)


def create_people(config: Any, firm: Firm, companies: list[Any]) -> None:
    """The users, in Polish, each in the firm's companies."""
    users = Model.get("res.user", config=config)
    groups = Model.get("res.group", config=config)
    polish = Model.get("ir.lang", config=config).find([("code", "=", "pl")])[0]
    for person in firm.people:
        user = users(name=person.name, login=person.login, password=firms.PASSWORD, language=polish)
        user.email = f"{person.login}@{firm.database}.example"
        for xml_id in person.groups:
            user.groups.append(groups(_xml_id(config, xml_id)))
        for company in companies:
            user.companies.append(Model.get("company.company", config=config)(company.id))
        user.company = companies[0]
        user.company_filter = "all"
        user.save()


def seed(firm: Firm, day: dt.date, config: Any) -> dict[str, int]:
    """Fill the database of ``config`` with ``firm``; the figures of what was made."""
    from companynet_sandbox.customers import demo_data  # noqa: PLC0415 - the bank's accounts, only needed here

    finish_module_configuration(config)
    currencies = create_currencies(config)
    users = Model.get("res.user", config=config)
    term = Model.get("account.invoice.payment_term", config=config)(name="14 dni")
    line = term.lines.new(type="remainder")
    line.relativedeltas.new(days=14)
    term.save()

    counterparties = {
        "out": [create_party(config, who) for who in firm.customers],
        "in": [create_party(config, who) for who in firm.suppliers],
    }
    for who, party in zip(firm.customers + firm.suppliers, counterparties["out"] + counterparties["in"], strict=True):
        create_bank_account(config, party, who.account, currencies["PLN"])

    companies = []
    invoices = 0
    for company_data in firm.companies:
        company = Model.get("company.company", config=config)()
        company.party = create_party(config, company_data)
        company.currency = currencies["PLN"]
        company.timezone = "Europe/Warsaw"
        company.save()
        companies.append(company)
        admin = users(config.user)
        admin.companies.append(Model.get("company.company", config=config)(company.id))
        admin.company = company
        admin.company_filter = "all"
        admin.save()
        config._context = users.get_preferences(True, {})
        config.set_context(company=company.id, language="pl")

        accounts = create_chart(config, company)
        create_fiscal_year(config, company, day.year)
        tax = create_tax(config, company, accounts["221"])
        create_journals(config, company, accounts, currencies, demo_data.ACCOUNTS_BY_DIK[company_data.dik])
        if not invoices:
            books = {"accounts": accounts, "tax": tax, "term": term, "day": day}
            invoices = create_invoices(config, firm, counterparties, books)
    create_people(config, firm, companies)
    return {
        "companies": len(companies),
        "parties": sum(map(len, counterparties.values())),
        "invoices": invoices,
        "users": len(firm.people),
    }


def create_journals(
    config: Any, company: Any, accounts: dict[str, Any], currencies: dict[str, Any], numbers: dict[str, str]
) -> None:
    """The journals of statements and payments of each bank account: currency to NRB."""
    journals = Model.get("account.journal", config=config)
    statement_journals = Model.get("account.statement.journal", config=config)
    payment_journals = Model.get("account.payment.journal", config=config)
    settlement = Model.get("automatic_settlement.configuration", config=config)(1)
    settlement.clarification_account = accounts["245"]
    settlement.save()
    statements = journals.find([("type", "=", "statement")], limit=1)[0]
    for code, number in numbers.items():
        account = create_bank_account(config, company.party, number, currencies[code])
        journal = statement_journals(name=f"mBank {code} {number[-4:]}", company=company)
        journal.journal = statements
        journal.currency = currencies[code]
        journal.validation = "balance"
        journal.bank_account = account
        journal.account = accounts["130" if code == "PLN" else "131"]
        journal.save()
        payment = payment_journals(name=f"mBank {code} {number[-4:]}", company=company)
        payment.currency = currencies[code]
        payment.process_method = "manual"
        payment.save()


def main() -> None:
    """Run from the command line."""
    database, firm, day, config_file = sys.argv[1:]
    config = proteus_config.set_trytond(database, config_file=config_file)
    config.skip_warning = True
    config.set_context(language="pl")
    figures = seed(firms.FIRMS[firm], dt.date.fromisoformat(day), config)
    print(figures)


if __name__ == "__main__":
    main()
