"""What a training tells about itself, beside the artifact."""
