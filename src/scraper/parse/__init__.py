"""Page -> Article. Pure: no clock, no network, no file; the same bytes and rules give the same article for ever."""
