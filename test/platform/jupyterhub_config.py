"""The JupyterHub of the platform on this machine: people sign in through Keycloak, and find their workspace's bucket at /s3.

What is not said here is that of the tests, of which this is told more in the JSON of HUB.
"""

import asyncio
import json
import os

import botocore.session
from tornado import web

c = get_config()  # noqa: F821
here = os.path.dirname(os.path.abspath(__file__))
load_subconfig(os.path.join(here, "../hub/jupyterhub_config.py"))  # noqa: F821
platform = json.loads(os.environ["HUB"])["platform"]

c.JupyterHub.authenticator_class = "generic-oauth"
c.GenericOAuthenticator.client_id = platform["clientId"]
c.GenericOAuthenticator.client_secret = platform["clientSecret"]
c.GenericOAuthenticator.authorize_url = platform["issuer"] + "/protocol/openid-connect/auth"
c.GenericOAuthenticator.token_url = platform["issuer"] + "/protocol/openid-connect/token"
c.GenericOAuthenticator.userdata_url = platform["issuer"] + "/protocol/openid-connect/userinfo"
c.GenericOAuthenticator.oauth_callback_url = platform["callbackUrl"]
c.GenericOAuthenticator.scope = ["openid", "profile"]
c.GenericOAuthenticator.username_claim = "preferred_username"
c.GenericOAuthenticator.auto_login = True
# The spawner has to know which workspaces a person has. Sealed with JUPYTERHUB_CRYPT_KEY.
c.GenericOAuthenticator.enable_auth_state = True

c.Spawner.args += ["--config=" + os.path.join(here, "jupyter_server_config.py")]
c.Spawner.default_url = "/lab"
c.Spawner.start_timeout = 120
c.Spawner.http_timeout = 120


def assume_role(workspace, user):
    """The keys of a workspace, for the twelve hours that S3 allows."""
    sts = botocore.session.get_session().create_client(
        "sts",
        endpoint_url=platform["s3"]["endpoint"],
        region_name=platform["s3"]["region"],
        aws_access_key_id=platform["s3"]["accessKeyId"],
        aws_secret_access_key=platform["s3"]["secretAccessKey"],
    )
    role = platform["s3"]["roleArn"].replace("{workspace}", workspace)
    return sts.assume_role(RoleArn=role, RoleSessionName=f"jupyterhub-{user}", DurationSeconds=43200)["Credentials"]


async def before_spawn(spawner):
    """A server is for one workspace, which must be one of the person's: the one asked for, or their first."""
    state = await spawner.user.get_auth_state() or {}
    own = state.get("oauth_user", {}).get("workspaces", [])
    workspace = spawner.user_options.get("workspace") or next(iter(own), None)
    if workspace not in own:
        raise web.HTTPError(403, f"{spawner.user.name} is not in workspace {workspace}")
    keys = await asyncio.to_thread(assume_role, workspace, spawner.user.name)
    spawner.environment = {
        **spawner.environment,
        "WORKSPACE": workspace,
        "S3CONTENTS_BUCKET": f"workspace-{workspace}",
        "S3CONTENTS_ENDPOINT": platform["s3"]["endpoint"],
        "S3CONTENTS_REGION": platform["s3"]["region"],
        "S3CONTENTS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "S3CONTENTS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        "S3CONTENTS_SESSION_TOKEN": keys["SessionToken"],
    }


c.Spawner.pre_spawn_hook = before_spawn
