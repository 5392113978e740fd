"""What we certify: certificates and other documents."""
