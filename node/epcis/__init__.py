"""The EPCIS gateway: reads partners' event files into a neutral typed model, outside the law."""
