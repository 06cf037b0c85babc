"""The appraisal service (考核): who works here, whose sale it was, and what comes of it."""
