"""A person's own Jupyter server: their folder, and below /s3 the bucket of their workspace."""

import os

from hybridcontents import HybridContentsManager
from jupyter_server.services.contents.largefilemanager import LargeFileManager
from s3contents import S3ContentsManager

c = get_config()  # noqa: F821

c.ServerApp.contents_manager_class = HybridContentsManager
c.HybridContentsManager.manager_classes = {"": LargeFileManager, "s3": S3ContentsManager}
c.HybridContentsManager.manager_kwargs = {
    "": {"root_dir": os.getcwd()},
    "s3": {
        "bucket": os.environ["S3CONTENTS_BUCKET"],
        "endpoint_url": os.environ["S3CONTENTS_ENDPOINT"],
        "region_name": os.environ["S3CONTENTS_REGION"],
        "access_key_id": os.environ["S3CONTENTS_ACCESS_KEY_ID"],
        "secret_access_key": os.environ["S3CONTENTS_SECRET_ACCESS_KEY"],
        "session_token": os.environ["S3CONTENTS_SESSION_TOKEN"],
    },
}
