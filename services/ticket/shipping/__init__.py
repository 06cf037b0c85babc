"""发货: when what is paid today leaves and arrives (T35), and which orders wait too long this morning (T33)."""
