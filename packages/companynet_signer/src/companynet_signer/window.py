"""The window: draws what :mod:`companynet_signer.views` says and passes on what the person does."""

import queue
import threading
import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from tkinter import filedialog, font, ttk
from typing import Final, TypeVar

from companynet.domain.session import Secret
from companynet_signer.describe import Row
from companynet_signer.flow import Flow, Stage
from companynet_signer.language import LANGUAGES
from companynet_signer.opening import Opening
from companynet_signer.views import Views

T = TypeVar("T")

_PUMP: Final = 30
_SIZE: Final = 12
_SIZES: Final = range(8, 33)
#: Lines of the list of keys, at least and at most.
_ROWS: Final = range(3, 8)
_FONTS: Final = ("TkDefaultFont", "TkTextFont", "TkMenuFont", "TkHeadingFont", "TkFixedFont")
_RED: Final = "#a40000"
_GREY: Final = "#6b6b6b"
#: Keys that go through the list of keys.
_LIST_KEYS: Final = frozenset({"Down", "Up", "space"})
_BUSY: Final = (Stage.FETCHING, Stage.SIGNING)


class TkBackground:
    """Runs work in threads and calls back from the window's own.

    Args:
        root: the window.
    """

    def __init__(self, root: tk.Tk) -> None:
        self._root = root
        self._calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._pump()

    def submit(self, work: Callable[[], T], done: Callable[[T], None], failed: Callable[[Exception], None]) -> None:
        """See :class:`companynet_signer.flow.Background`."""

        def run() -> None:
            try:
                result = work()
            except Exception as error:  # noqa: BLE001 -- whatever it is, the person is told
                failure = error
                self._calls.put(lambda: failed(failure))
            else:
                self._calls.put(lambda: done(result))

        # A daemon: a driver that hangs must not keep the program from ending.
        threading.Thread(target=run, name="signer", daemon=True).start()

    def _pump(self) -> None:
        while not self._calls.empty():
            self._calls.get()()
        self._root.after(_PUMP, self._pump)


class SignerWindow:
    """The one window.

    Args:
        root: Tk's root.
        url: the link.
        opening: makes the conversation with the server.
        language: ``pl`` or ``en``.
    """

    def __init__(self, root: tk.Tk, url: str, opening: Opening, language: str) -> None:
        self._root = root
        self._closed = False
        self.flow = Flow(url, opening, TkBackground(root), self._changed)
        self.views = Views(self.flow, language)
        self._drawn: object = None
        self._pin: ttk.Entry | None = None
        self._tree: ttk.Treeview | None = None
        self._scrolled: tk.Text | None = None
        self._first: tk.Widget | None = None
        self._default: Callable[[], None] | None = None
        self._by_keys = False
        self._set_up()

    def start(self) -> None:
        """Begin the conversation."""
        self.flow.start()

    def _set_up(self) -> None:
        root = self._root
        root.protocol("WM_DELETE_WINDOW", self.flow.close)
        root.bind("<Escape>", lambda _event: self.flow.close())
        root.bind("<Return>", self._enter)
        root.bind("<KP_Enter>", self._enter)
        for keys, step in (("plus", 1), ("equal", 1), ("KP_Add", 1), ("minus", -1), ("KP_Subtract", -1)):
            root.bind(f"<Control-{keys}>", lambda _event, step=step: self._zoom(step))  # type: ignore[misc]
        for key, pages in (("Prior", -1), ("Next", 1)):
            root.bind(f"<{key}>", lambda _event, pages=pages: self._scroll(pages))  # type: ignore[misc]
        self._set_size(_SIZE)
        root.geometry(f"{min(980, root.winfo_screenwidth())}x{min(800, root.winfo_screenheight() - 60)}")
        root.minsize(480, 360)
        self._frame = ttk.Frame(root, padding=16)
        self._frame.pack(fill="both", expand=True)
        # The browser is in front when the link is opened.
        root.lift()
        root.attributes("-topmost", True)  # noqa: FBT003 -- Tk's way
        root.after(500, lambda: root.attributes("-topmost", False))  # noqa: FBT003 -- Tk's way

    def _set_size(self, size: int) -> None:
        self._size = size
        for name in _FONTS:
            font.nametofont(name).configure(size=size)
        line = font.nametofont("TkDefaultFont").metrics("linespace")
        style = ttk.Style(self._root)
        if self._root.tk.call("tk", "windowingsystem") == "x11":
            # The one that comes first there has bevels of another age.
            style.theme_use("clam")
        style.configure("Treeview", rowheight=line + 8)
        style.configure("TButton", padding=(12, 6))
        style.configure("Error.TLabel", foreground=_RED)
        style.configure("Warning.TLabel", foreground=_RED)

    def _zoom(self, step: int) -> None:
        if self._size + step in _SIZES:
            self._set_size(self._size + step)
            self._draw()

    def _scroll(self, pages: int) -> None:
        """Page through the text whatever has the focus."""
        if self._scrolled is not None and self._scrolled.winfo_exists():
            self._scrolled.yview_scroll(pages, "pages")

    def _enter(self, _event: "tk.Event[tk.Misc]") -> str | None:
        focus = self._root.focus_get()
        if isinstance(focus, ttk.Button):
            focus.invoke()
        elif self._default is not None:
            self._default()
        return "break"

    def _changed(self) -> None:
        """Draw what is new. A typed PIN stays while nothing of its question changes."""
        if self._closed:
            return
        flow = self.flow
        if flow.stage is Stage.CLOSED:
            self._closed = True
            self._root.destroy()
        elif flow.stage is Stage.CLOSING:
            self._root.withdraw()
        else:
            shown = (flow.stage, flow.leaving, flow.failure, flow.choices, flow.chosen, flow.question)
            if shown != self._drawn:
                self._drawn = shown
                self._draw()

    def _draw(self) -> None:
        self._forget_pin()
        # Between two drawings nothing has the focus but the window itself.
        stay = self._by_keys and self._root.focus_get() in (self._tree, self._root)
        for child in self._frame.winfo_children():
            child.destroy()
        self._pin = self._tree = self._first = self._default = self._scrolled = None
        views, stage = self.views, self.flow.stage
        # Read out where the window is not seen, and shown in the list of windows.
        self._root.title(f"{views.say('title')} – {views.heading}")
        heading = font.nametofont("TkDefaultFont").copy()
        heading.configure(size=self._size + 5, weight="bold")
        self._heading_font = heading
        top = ttk.Frame(self._frame)
        top.pack(fill="x", pady=(0, 10))
        ttk.Label(top, text=views.heading, font=heading).pack(side="left")
        self._buttons = ttk.Frame(self._frame)
        self._buttons.pack(side="bottom", fill="x", pady=(12, 0))
        if stage is Stage.KEYS:
            self._draw_keys()
            if stay:
                # Who goes through the list by keyboard stays in it; who clicks goes on with the PIN.
                self._first = self._tree
        elif stage in _BUSY:
            self._draw_busy()
        else:
            self._draw_text()
        ttk.Button(top, text=views.say("button_language"), command=self._switch_language).pack(side="right")
        # At once, or the next key goes nowhere; a widget takes the focus when it has its place.
        self._root.update_idletasks()
        self._focus()

    def _focus(self) -> None:
        if self._first is not None and self._first.winfo_exists():
            self._first.focus_force()

    def _switch_language(self) -> None:
        self.views.language = LANGUAGES[1 - LANGUAGES.index(self.views.language)]
        self._draw()

    # The stages

    def _draw_busy(self) -> None:
        self._label(self.views.text).pack(anchor="w", pady=8)
        bar = ttk.Progressbar(self._frame, mode="indeterminate")
        bar.pack(fill="x", pady=8)
        bar.start(15)
        if not self.flow.leaving:
            self._first = self._button("button_decline", self.flow.close)

    def _draw_text(self) -> None:
        stage, flow, views = self.flow.stage, self.flow, self.views
        text = self._text(views.text, views.rows, failed=stage is Stage.FAILED)
        if stage is Stage.SERVER:
            self._button("button_trust", flow.trust_server)
            # Enter must not trust a server by accident.
            self._first = self._button("button_decline", flow.close)
        elif stage is Stage.JOB:
            self._first = self._button("button_next", flow.accept, default=True)
            self._button("button_decline", flow.close)
        else:
            if stage is Stage.FAILED and flow.failure is not None and flow.failure.again:
                self._button("button_again", flow.again)
            self._first = self._button("button_close", flow.close, default=True)
            self._button("button_copy", lambda: self._copy(text.get("1.0", "end-1c")))

    def _draw_keys(self) -> None:
        flow, views = self.flow, self.views
        if views.failure:
            self._error(views.failure)
        self._draw_list()
        if views.keys_note:
            self._label(views.keys_note).pack(anchor="w", pady=(8, 0))
        if views.chosen_note:
            self._label(views.chosen_note, style="Warning.TLabel").pack(anchor="w", pady=(8, 0))
        pin = views.pin
        if pin is not None:
            if pin.warning:
                self._label(pin.warning, style="Warning.TLabel").pack(anchor="w", pady=(8, 0))
            row = ttk.Frame(self._frame)
            row.pack(fill="x", pady=(10, 0))
            ttk.Label(row, text=pin.label).pack(side="left")
            if pin.typed:
                self._pin = ttk.Entry(row, show="•", width=24)
                self._pin.pack(side="left", padx=(10, 0))
                self._first = self._pin
        sign = self._button("button_sign", self._sign, default=True)
        if not flow.may_sign:
            sign.state(["disabled"])
        elif self._first is None:
            self._first = sign
        self._button("button_decline", flow.close)
        self._button("button_refresh", flow.look_for_keys, side="left")
        self._button("button_file", self._choose_file, side="left")
        if self._first is None:
            self._first = self._tree

    def _draw_list(self) -> None:
        views, flow = self.views, self.flow
        columns = ("name", "valid", "issuer", "place")
        frame = ttk.Frame(self._frame)
        frame.pack(fill="x")
        height = min(max(len(views.keys), _ROWS.start), _ROWS.stop)
        tree = ttk.Treeview(frame, columns=columns, show="headings", selectmode="browse", height=height)
        for column, width in zip(columns, (220, 110, 280, 220), strict=True):
            tree.heading(column, text=views.say(f"column_{column}"), anchor="w")
            tree.column(column, width=width, anchor="w", stretch=column != "valid")
        tree.tag_configure("blocked", foreground=_GREY)
        for index, line in enumerate(views.keys):
            values = (line.name, line.valid_to, line.issuer, line.place)
            tree.insert("", "end", iid=str(index), values=values, tags=("blocked",) if line.why_not else ())
        scroll = ttk.Scrollbar(frame, command=tree.yview)
        tree.configure(yscrollcommand=scroll.set)
        scroll.pack(side="right", fill="y")
        tree.pack(side="left", fill="x", expand=True)
        if flow.chosen is not None:
            tree.selection_set(str(flow.chosen))
            tree.focus(str(flow.chosen))
            tree.see(str(flow.chosen))
        tree.bind("<<TreeviewSelect>>", self._selected)
        tree.bind("<Button-1>", self._use_mouse)
        tree.bind("<Key>", self._use_keys)
        self._tree = tree

    def _use_mouse(self, _event: "tk.Event[tk.Misc]") -> None:
        self._by_keys = False

    def _use_keys(self, event: "tk.Event[tk.Misc]") -> str | None:
        """Begin in the list by keyboard: Tk's own keys go on from what is selected, and do nothing before."""
        self._by_keys = event.keysym in _LIST_KEYS
        if not self._by_keys or self._tree is None or self._tree.selection() or not self._tree.exists("0"):
            return None
        self._tree.selection_set("0")
        self._tree.focus("0")
        return "break"

    def _selected(self, _event: "tk.Event[tk.Misc]") -> None:
        if self._tree is None:
            return
        selection = self._tree.selection()
        if selection and int(selection[0]) != self.flow.chosen:
            self.flow.choose(int(selection[0]))

    def _choose_file(self) -> None:
        kinds = [(self.views.say("file_kinds"), "*.p12 *.pfx *.P12 *.PFX")]
        # The dialog is Tk's own and has words of its own; it would begin where the browser was started.
        self._root.tk.eval(f"::msgcat::mclocale {self.views.language}; ::msgcat::mcload $::tk_library/msgs")
        name = filedialog.askopenfilename(
            parent=self._root,
            title=self.views.say("file_dialog"),
            initialdir=Path.home(),
            filetypes=[*kinds, (self.views.say("file_all"), "*")],
        )
        if name:
            self.flow.add_file(Path(name))

    def _sign(self) -> None:
        if not self.flow.may_sign:
            return
        self._by_keys = False
        pin = None if self._pin is None else Secret(self._pin.get())
        self._forget_pin()
        self.flow.sign(pin)

    def _forget_pin(self) -> None:
        if self._pin is not None and self._pin.winfo_exists():
            self._pin.delete(0, "end")

    # Parts

    def _button(
        self, key: str, command: Callable[[], None], *, default: bool = False, side: str = "right"
    ) -> ttk.Button:
        button = ttk.Button(self._buttons, text=self.views.say(key), command=command)
        button.pack(side="left" if side == "left" else "right", padx=(0, 8) if side == "left" else (8, 0))
        if default:
            button.configure(default="active")
            self._default = button.invoke
        return button

    def _label(self, text: str, style: str = "TLabel") -> ttk.Label:
        label = ttk.Label(self._frame, text=text, style=style, justify="left")
        label.bind("<Configure>", lambda _event: label.configure(wraplength=max(200, self._frame.winfo_width() - 32)))
        return label

    def _error(self, text: str) -> None:
        """An error that can be copied."""

        def copy() -> None:
            self._copy(text)
            # Back to where the PIN is typed.
            self._focus()

        row = ttk.Frame(self._frame)
        row.pack(fill="x", pady=(0, 8))
        ttk.Button(row, text=self.views.say("button_copy"), command=copy).pack(side="right")
        label = ttk.Label(row, text=text, style="Error.TLabel", justify="left")
        label.pack(side="left", fill="x", expand=True)
        label.bind("<Configure>", lambda event: label.configure(wraplength=max(200, event.width)))

    def _copy(self, text: str) -> None:
        self._root.clipboard_clear()
        self._root.clipboard_append(text)

    def _text(self, text: str, rows: tuple[Row, ...], *, failed: bool) -> tk.Text:
        """Text that scrolls and can be selected, and not changed."""
        frame = ttk.Frame(self._frame)
        frame.pack(fill="both", expand=True)
        widget = tk.Text(
            frame, wrap="word", font="TkTextFont", padx=12, pady=10, borderwidth=1, relief="solid", height=1, width=1
        )
        scroll = ttk.Scrollbar(frame, command=widget.yview)
        widget.configure(yscrollcommand=scroll.set)
        bold = font.nametofont("TkTextFont").copy()
        bold.configure(weight="bold")
        self._bold_font = bold
        widget.tag_configure("failed", foreground=_RED)
        column = max((bold.measure(row.label) for row in rows if not row.verbatim), default=0) + 24
        widget.tag_configure("label", font=bold)
        widget.tag_configure("first", spacing1=8)
        widget.tag_configure("row", tabs=column, lmargin2=column)
        widget.tag_configure("verbatim", lmargin1=20, lmargin2=20, font="TkFixedFont", background="#f2f2ea")
        widget.insert("end", f"{text}\n" if text else "", ("failed",) if failed else ())
        for row in rows:
            if row.verbatim:
                widget.insert("end", f"{row.label}\n", ("label", "first"))
                widget.insert("end", "".join(f"{line}\n" for line in row.lines), ("verbatim",))
            else:
                widget.insert("end", row.label, ("label", "first", "row"))
                widget.insert("end", "".join(f"\t{line}\n" for line in row.lines), ("row",))
        widget.configure(state="disabled")
        # A disabled text takes no focus of its own, and could then not be copied from by the keyboard.
        widget.bind("<Button-1>", lambda _event: widget.focus_set())
        self._scrolled = widget
        scroll.pack(side="right", fill="y")
        widget.pack(side="left", fill="both", expand=True)
        return widget


def open_root() -> tk.Tk | None:
    """Tk's root; None if there is no screen."""
    try:
        return tk.Tk(className="companynet-signer")
    except tk.TclError:
        return None


def show(root: tk.Tk, url: str, opening: Opening, language: str) -> bool:
    """Carry the conversation to its end in the window.

    Args:
        root: of :func:`open_root`.
        url: the link.
        opening: makes the conversation with the server.
        language: ``pl`` or ``en``.

    Returns:
        Whether the session was made.
    """
    window = SignerWindow(root, url, opening, language)
    window.start()
    root.mainloop()
    return window.flow.granted is not None
