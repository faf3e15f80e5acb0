"""The addresses of the provider that django_server.py runs, and whom it lets in as what."""

from django.contrib.auth.views import LoginView
from django.urls import include, path
from oauth2_provider import urls
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauth2_provider.views import OAuthServerMetadataView


class Validator(OAuth2Validator):
    """Names users by their login name, and says more of them than `sub`, which is all that is usual."""

    oidc_claim_scope = None

    def get_additional_claims(self, request):
        user = request.user
        return {
            "sub": user.username,
            "name": user.get_full_name(),
            "email": user.email,
            "email_verified": True,
        }


urlpatterns = [
    path("login/", LoginView.as_view()),
    path("o/", include((urls.base_urlpatterns + urls.oidc_urlpatterns, "oauth2_provider"))),
    # RFC 8414 section 3: the issuer's path comes after the well-known one.
    path(".well-known/oauth-authorization-server/<path:issuer_path>", OAuthServerMetadataView.as_view()),
]
