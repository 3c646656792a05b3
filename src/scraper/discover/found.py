"""What one start page leads to."""

from __future__ import annotations

from dataclasses import dataclass, field

from scraper.urls import join


@dataclass(slots=True)
class Links:
    """Absolute http(s) addresses in page order; plain data, so that a page can be read in another process."""

    pages: list[str] = field(default_factory=list)
    sitemaps: list[str] = field(default_factory=list)  # those of an index, newest first where it says when they changed
    kind: str = ""  # what the page was read as: "feed", "json feed", "sitemap" or "listing"
    problem: str | None = None  # what is damaged, None for a sound page
    left_out: int = 0  # links beyond the most that are taken from one page

    def add(self, base: str, link: str, most: int) -> None:
        """Take up a page's link as it stands on `base`; one that is empty or leads nowhere on the web is none."""
        url = join(base, link) if link else None
        if url and len(self.pages) < most:
            self.pages.append(url)
        elif url:
            self.left_out += 1
