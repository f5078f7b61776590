"""The pages that the hub serves: a frontend's static export (`--ui DIR`), or a page of its own."""
