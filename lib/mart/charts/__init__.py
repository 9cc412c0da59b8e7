"""Charts, frames in and Altair out: what the dashboard and the notebooks draw alike."""
