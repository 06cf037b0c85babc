"""客户: who the customers are and what they bought."""
