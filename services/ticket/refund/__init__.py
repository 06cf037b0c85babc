"""退款: refunds, returns, exchanges and resends (T20 to T29). So far their arithmetic: windows, freight and
amounts; pure, without a table or a route."""
