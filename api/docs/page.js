// SPDX-License-Identifier: Apache-2.0
/*
 * Shows the contract beside this page, at the address where the page was found: behind a proxy
 * with a prefix, too. Nothing else is asked for anything.
 */
'use strict';

async function show() {
    const beside = new URL('openapi.json', document.baseURI);
    const contract = await (await fetch(beside)).json();

    contract.servers = [{url: new URL('.', beside).href.replace(/\/$/, '')}];
    SwaggerUIBundle({
        spec: contract,
        dom_id: '#page',
        deepLinking: true,
        docExpansion: 'none',
        filter: true,
        validatorUrl: null,
    });
}

show().catch((why) => {
    document.getElementById('page').textContent = 'The contract cannot be shown: ' + why;
});
